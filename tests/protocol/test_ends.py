"""Both ends of a connection: the order of the handshake, and the limit on invalid frames."""

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesync_protocol.codec import encode
from codesync_protocol.ends import ClientEnd, ServerEnd, State
from codesync_protocol.errors import Code, FrameError
from codesync_protocol.limits import BAD_FRAMES_MAX, HELLO_FRAME_MAX, PAGES_MAX
from codesync_protocol.messages import (
    Cancel,
    Challenge,
    ExecutorInfo,
    Fault,
    Hello,
    LimitsInfo,
    Members,
    Notice,
    Proof,
    Queue,
    Refused,
    Role,
    ServerMessage,
    Welcome,
    WelcomePart,
)
from tests.protocol.strategies import CLIENT_KINDS, SERVER_KINDS, messages

JOB = "0123456789abcdef" * 2
HELLO = Hello(2, 2, "room", "", "ana", "f" * 32, nonce=bytes(32))
CHALLENGE = Challenge(2, bytes(32), bytes(32))
PROOF = Proof(bytes(32), bytes(16), bytes(16))
EARLY = [encode(HELLO), encode(PROOF)]
CANCEL = encode(Cancel(JOB))
NONSENSE = b"\xc1"
WELCOME = Welcome(
    version=2,
    room="room",
    epoch="e",
    seq=0,
    resumed=False,
    member=1,
    role=Role.EDITOR,
    members=Members(),
    queue=Queue(),
    jobs=(),
    languages=(),
    limits=LimitsInfo(5, 300, 5, 1, 1),
    executor=ExecutorInfo("docker", sandboxed=True),
)


def open_end() -> ServerEnd:
    end = challenging_end()
    end.receive_proof(encode(PROOF))
    end.admit()
    return end


def challenging_end() -> ServerEnd:
    """A server's end that waits for a proof."""
    end = ServerEnd()
    end.receive_hello(encode(HELLO))
    end.challenge()
    return end


def proving_end() -> ClientEnd:
    """A client's end that has sent its proof."""
    end = ClientEnd()
    assert end.receive(encode(CHALLENGE)) == CHALLENGE
    end.prove()
    return end


def entered_end() -> ClientEnd:
    """A client's end of an open connection."""
    end = proving_end()
    assert end.receive(encode(WELCOME)) == WELCOME
    return end


def fatal(error: pytest.ExceptionInfo[FrameError]) -> Code:
    """The code of an error that ends the connection."""
    assert error.value.fatal
    return error.value.code


# The server's end.


def test_a_hello_is_challenged_a_proof_leads_to_admission_and_then_all_is_open() -> None:
    end = ServerEnd()
    states = [end.state]
    assert end.receive_hello(encode(HELLO)) == HELLO
    states.append(end.state)
    end.challenge()
    states.append(end.state)
    assert end.receive_proof(encode(PROOF)) == PROOF
    states.append(end.state)
    end.admit()
    assert end.receive(CANCEL) == Cancel(JOB)
    states.append(end.state)
    assert states == [State.HELLO, State.CHALLENGE, State.PROOF, State.ADMISSION, State.OPEN]


def test_a_proof_comes_once_and_only_when_it_was_asked_for() -> None:
    for end in (ServerEnd(), open_end()):
        with pytest.raises(FrameError) as error:
            end.receive_proof(encode(PROOF))
        assert fatal(error) is Code.OUT_OF_TURN
    unchallenged = ServerEnd()
    unchallenged.receive_hello(encode(HELLO))
    with pytest.raises(FrameError) as error:
        unchallenged.receive_proof(encode(PROOF))
    assert fatal(error) is Code.OUT_OF_TURN


@pytest.mark.parametrize("kind", [k for k in CLIENT_KINDS if k is not Proof])
@given(data=st.data())
def test_anything_but_a_proof_after_the_challenge_ends_the_connection(
    kind: type, data: st.DataObject
) -> None:
    end = challenging_end()
    with pytest.raises(FrameError) as error:
        end.receive_proof(encode(data.draw(messages(kind))))
    assert fatal(error) is Code.OUT_OF_TURN
    assert end.state is State.CLOSED


@given(st.binary(max_size=100) | st.text(max_size=100))
def test_a_second_frame_that_makes_no_sense_ends_the_connection(frame: bytes | str) -> None:
    end = challenging_end()
    with pytest.raises(FrameError) as error:
        end.receive_proof(frame)
    assert fatal(error) is Code.BAD_FRAME
    assert end.state is State.CLOSED


@given(st.integers(0, len(encode(PROOF)) - 1))
def test_a_proof_that_is_cut_short_is_none(length: int) -> None:
    with pytest.raises(FrameError) as error:
        challenging_end().receive_proof(encode(PROOF)[:length])
    assert fatal(error) is Code.BAD_FRAME


def test_a_proof_that_is_too_long_is_refused_unread() -> None:
    with pytest.raises(FrameError, match="at most 4096 bytes") as error:
        challenging_end().receive_proof(encode(PROOF) + bytes(HELLO_FRAME_MAX))
    assert fatal(error) is Code.BAD_FRAME


def test_after_a_refusal_nothing_is_taken() -> None:
    end = ServerEnd()
    end.receive_hello(encode(HELLO))
    end.refuse()
    with pytest.raises(FrameError) as error:
        end.receive(CANCEL)
    assert fatal(error) is Code.OUT_OF_TURN


def test_nothing_is_taken_before_the_proof_is_accepted() -> None:
    end = ServerEnd()
    steps = (
        lambda: end.receive_hello(encode(HELLO)),
        end.challenge,
        lambda: end.receive_proof(encode(PROOF)),
    )
    for step in steps:
        with pytest.raises(FrameError) as error:
            end.receive(CANCEL)
        assert fatal(error) is Code.OUT_OF_TURN
        step()
    with pytest.raises(FrameError) as error:
        end.receive(CANCEL)
    assert fatal(error) is Code.OUT_OF_TURN


@pytest.mark.parametrize("kind", [k for k in CLIENT_KINDS if k is not Hello])
@given(data=st.data())
def test_anything_but_a_hello_at_first_ends_the_connection(kind: type, data: st.DataObject) -> None:
    end = ServerEnd()
    with pytest.raises(FrameError) as error:
        end.receive_hello(encode(data.draw(messages(kind))))
    assert fatal(error) is Code.OUT_OF_TURN
    assert end.state is State.CLOSED


@given(st.binary(max_size=100) | st.text(max_size=100))
def test_a_first_frame_that_makes_no_sense_ends_the_connection(frame: bytes | str) -> None:
    end = ServerEnd()
    with pytest.raises(FrameError) as error:
        end.receive_hello(frame)
    assert fatal(error) is Code.BAD_FRAME
    assert end.state is State.CLOSED
    with pytest.raises(FrameError):
        end.receive_hello(encode(HELLO))


def test_a_hello_that_is_too_long_is_refused_unread() -> None:
    long = encode(HELLO)[:-1] + b"\xda\x0f\xff" + b"x" * HELLO_FRAME_MAX
    with pytest.raises(FrameError, match="at most 4096 bytes") as error:
        ServerEnd().receive_hello(long)
    assert fatal(error) is Code.BAD_FRAME


def test_the_longest_hello_that_fits_is_taken() -> None:
    texts = ("r" * 64, "t" * 1024, "\u00e4" * 256, "f" * 32, "e" * 32)
    hello = Hello(1, 1, *texts, 1, "a" * 200, bytes(32), "i" * 400)
    assert len(encode(hello)) <= HELLO_FRAME_MAX
    assert ServerEnd().receive_hello(encode(hello)) == hello


@pytest.mark.parametrize("message", [HELLO, PROOF], ids=["hello", "proof"])
def test_a_second_handshake_is_nonsense(message: Hello | Proof) -> None:
    end = open_end()
    with pytest.raises(FrameError) as error:
        end.receive(encode(message))
    assert (error.value.code, error.value.fatal) == (Code.OUT_OF_TURN, False)
    with pytest.raises(FrameError) as error:
        end.receive_hello(encode(HELLO))
    assert fatal(error) is Code.OUT_OF_TURN


def test_nonsense_is_answered_a_few_times_and_then_ends_the_connection() -> None:
    end = open_end()
    for _ in range(BAD_FRAMES_MAX - 1):
        with pytest.raises(FrameError) as error:
            end.receive(NONSENSE)
        assert not error.value.fatal
        end.receive(CANCEL)  # what makes sense is taken all the same
    with pytest.raises(FrameError, match="too many such frames") as error:
        end.receive(NONSENSE)
    assert fatal(error) is Code.BAD_FRAME
    assert end.state is State.CLOSED
    with pytest.raises(FrameError) as error:
        end.receive(CANCEL)
    assert fatal(error) is Code.OUT_OF_TURN


@given(
    st.lists(st.sampled_from([NONSENSE, CANCEL, encode(HELLO), encode(PROOF), "text"]), max_size=30)
)
def test_a_connection_never_takes_more_nonsense_than_its_budget(frames: list[bytes | str]) -> None:
    end = open_end()
    bad = 0
    for frame in frames:
        try:
            end.receive(frame)
        except FrameError as error:
            bad += 1
            assert error.fatal == (bad >= BAD_FRAMES_MAX)  # noqa: PT017 # it may not raise
        assert (end.state is State.CLOSED) == (bad >= BAD_FRAMES_MAX)


# The client's end.


def test_a_challenge_comes_first_then_a_welcome_and_then_anything() -> None:
    end = ClientEnd()
    states = [end.state]
    assert end.receive(encode(CHALLENGE)) == CHALLENGE
    states.append(end.state)
    end.prove()
    states.append(end.state)
    assert end.receive(encode(WELCOME)) == WELCOME
    states.append(end.state)
    assert end.receive(encode(Notice("info", "hello"))) == Notice("info", "hello")
    assert states == [State.CHALLENGE, State.PROOF, State.ADMISSION, State.OPEN]


@pytest.mark.parametrize("make_end", [ClientEnd, proving_end], ids=["hello", "proof"])
def test_a_refusal_closes_the_connection(make_end: Callable[[], ClientEnd]) -> None:
    end = make_end()
    end.receive(encode(Refused(Code.TOKEN, "no", "ask")))
    assert end.state is State.CLOSED
    with pytest.raises(FrameError) as error:
        end.receive(encode(Notice("info", "hello")))
    assert fatal(error) is Code.OUT_OF_TURN


@pytest.mark.parametrize("make_end", [ClientEnd, proving_end], ids=["hello", "proof"])
def test_a_server_may_say_why_it_ends_the_connection_before_any_answer(
    make_end: Callable[[], ClientEnd],
) -> None:
    fault = Fault(Code.BAD_FRAME, "no sense", fatal=True)
    assert make_end().receive(encode(fault)) == fault


@pytest.mark.parametrize("kind", [k for k in SERVER_KINDS if k not in (Challenge, Refused, Fault)])
@given(data=st.data())
def test_a_server_that_does_not_prove_itself_first_is_left(kind: type, data: st.DataObject) -> None:
    is_left(ClientEnd(), data.draw(messages(kind)))


@pytest.mark.parametrize("kind", [k for k in SERVER_KINDS if k not in (Welcome, Refused, Fault)])
@given(data=st.data())
def test_a_server_that_speaks_before_its_answer_is_left(kind: type, data: st.DataObject) -> None:
    is_left(proving_end(), data.draw(messages(kind)))


def test_a_server_that_goes_on_before_its_challenge_is_answered_is_left() -> None:
    for message in (CHALLENGE, WELCOME, Refused(Code.TOKEN, "no", "ask")):
        end = ClientEnd()
        end.receive(encode(CHALLENGE))
        is_left(end, message)


@pytest.mark.parametrize("answer", [CHALLENGE, WELCOME, Refused(Code.TOKEN, "no", "ask")])
def test_a_server_answers_only_once(answer: Challenge | Welcome | Refused) -> None:
    is_left(entered_end(), answer)


def is_left(end: ClientEnd, message: ServerMessage) -> None:
    """Make sure that a message ends the connection."""
    with pytest.raises(FrameError) as error:
        end.receive(encode(message))
    assert fatal(error) is Code.OUT_OF_TURN
    assert end.state is State.CLOSED


@given(st.binary(max_size=50) | st.text(max_size=50))
def test_a_server_that_makes_no_sense_is_left_at_once(frame: bytes | str) -> None:
    end = ClientEnd()
    with pytest.raises(FrameError) as error:
        end.receive(frame)
    assert fatal(error) is Code.BAD_FRAME
    assert end.state is State.CLOSED


@given(st.data())
@settings(max_examples=10)
def test_h09_parts_of_a_welcome_come_right_behind_it(data: st.DataObject) -> None:
    end = proving_end()
    for message in (msgspec.structs.replace(WELCOME, more=True), WelcomePart(more=True)):
        end.receive(encode(message))
        assert end.state.name == "ENTERING"
    with pytest.raises(FrameError) as error:
        end.receive(encode(data.draw(messages(Members))))
    assert fatal(error) is Code.OUT_OF_TURN


def test_h09_the_room_is_entered_with_the_last_part_of_a_welcome() -> None:
    end = proving_end()
    end.receive(encode(msgspec.structs.replace(WELCOME, more=True)))
    end.receive(encode(WelcomePart()))
    assert end.state is State.OPEN
    with pytest.raises(FrameError) as error:
        end.receive(encode(WelcomePart()))
    assert fatal(error) is Code.OUT_OF_TURN


def test_h09_a_welcome_has_a_bounded_number_of_parts() -> None:
    end = proving_end()
    end.receive(encode(msgspec.structs.replace(WELCOME, more=True)))
    for _ in range(PAGES_MAX):
        end.receive(encode(WelcomePart(more=True)))
    with pytest.raises(FrameError) as error:
        end.receive(encode(WelcomePart()))
    assert fatal(error) is Code.OUT_OF_TURN
