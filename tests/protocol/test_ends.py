"""The two ends of a connection: hello first, hello once, and only so much nonsense."""

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
    ExecutorInfo,
    Fault,
    Hello,
    LimitsInfo,
    Members,
    Notice,
    Queue,
    Refused,
    Role,
    Welcome,
    WelcomePart,
)
from tests.protocol.strategies import CLIENT_KINDS, SERVER_KINDS, messages

JOB = "0123456789abcdef" * 2
HELLO = Hello(1, 1, "room", "token", "ana", "f" * 32)
CANCEL = encode(Cancel(JOB))
NONSENSE = b"\xc1"
WELCOME = Welcome(
    version=1,
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
    end = ServerEnd()
    end.receive_hello(encode(HELLO))
    end.admit()
    return end


def fatal(error: pytest.ExceptionInfo[FrameError]) -> Code:
    """The code of an error that ends the connection."""
    assert error.value.fatal
    return error.value.code


# The server's end.


def test_a_hello_leads_to_admission_and_then_to_an_open_connection() -> None:
    end = ServerEnd()
    states = [end.state]
    assert end.receive_hello(encode(HELLO)) == HELLO
    states.append(end.state)
    end.admit()
    assert end.receive(CANCEL) == Cancel(JOB)
    states.append(end.state)
    assert states == [State.HELLO, State.ADMISSION, State.OPEN]


def test_after_a_refusal_nothing_is_taken() -> None:
    end = ServerEnd()
    end.receive_hello(encode(HELLO))
    end.refuse()
    with pytest.raises(FrameError) as error:
        end.receive(CANCEL)
    assert fatal(error) is Code.OUT_OF_TURN


def test_nothing_is_taken_before_the_hello_is_accepted() -> None:
    end = ServerEnd()
    with pytest.raises(FrameError) as error:
        end.receive(CANCEL)
    assert fatal(error) is Code.OUT_OF_TURN
    end.receive_hello(encode(HELLO))
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
    hello = Hello(1, 1, "r" * 64, "t" * 1024, "\u00e4" * 256, "f" * 32, "e" * 32, 1, "a" * 200)
    assert len(encode(hello)) <= HELLO_FRAME_MAX
    assert ServerEnd().receive_hello(encode(hello)) == hello


def test_a_second_hello_is_nonsense() -> None:
    end = open_end()
    with pytest.raises(FrameError) as error:
        end.receive(encode(HELLO))
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


@given(st.lists(st.sampled_from([NONSENSE, CANCEL, encode(HELLO), "text"]), max_size=30))
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


def test_the_first_answer_is_a_welcome_and_then_anything_may_come() -> None:
    end = ClientEnd()
    assert end.receive(encode(WELCOME)) == WELCOME
    assert end.state is State.OPEN
    assert end.receive(encode(Notice("info", "hello"))) == Notice("info", "hello")


def test_a_refusal_closes_the_connection() -> None:
    end = ClientEnd()
    end.receive(encode(Refused(Code.TOKEN, "no", "ask")))
    assert end.state is State.CLOSED
    with pytest.raises(FrameError) as error:
        end.receive(encode(Notice("info", "hello")))
    assert fatal(error) is Code.OUT_OF_TURN


def test_a_server_may_say_why_it_ends_the_connection_before_any_answer() -> None:
    fault = Fault(Code.BAD_FRAME, "no sense", fatal=True)
    assert ClientEnd().receive(encode(fault)) == fault


@pytest.mark.parametrize("kind", [k for k in SERVER_KINDS if k not in (Welcome, Refused, Fault)])
@given(data=st.data())
def test_a_server_that_speaks_before_its_answer_is_left(kind: type, data: st.DataObject) -> None:
    end = ClientEnd()
    with pytest.raises(FrameError) as error:
        end.receive(encode(data.draw(messages(kind))))
    assert fatal(error) is Code.OUT_OF_TURN
    assert end.state is State.CLOSED


@pytest.mark.parametrize("answer", [WELCOME, Refused(Code.TOKEN, "no", "ask")])
def test_a_server_answers_a_hello_only_once(answer: Welcome | Refused) -> None:
    end = ClientEnd()
    end.receive(encode(WELCOME))
    with pytest.raises(FrameError) as error:
        end.receive(encode(answer))
    assert fatal(error) is Code.OUT_OF_TURN


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
    end = ClientEnd()
    for message in (msgspec.structs.replace(WELCOME, more=True), WelcomePart(more=True)):
        end.receive(encode(message))
        assert end.state.name == "ENTERING"
    with pytest.raises(FrameError) as error:
        end.receive(encode(data.draw(messages(Members))))
    assert fatal(error) is Code.OUT_OF_TURN


def test_h09_the_room_is_entered_with_the_last_part_of_a_welcome() -> None:
    end = ClientEnd()
    end.receive(encode(msgspec.structs.replace(WELCOME, more=True)))
    end.receive(encode(WelcomePart()))
    assert end.state is State.OPEN
    with pytest.raises(FrameError) as error:
        end.receive(encode(WelcomePart()))
    assert fatal(error) is Code.OUT_OF_TURN


def test_h09_a_welcome_has_a_bounded_number_of_parts() -> None:
    end = ClientEnd()
    end.receive(encode(msgspec.structs.replace(WELCOME, more=True)))
    for _ in range(PAGES_MAX):
        end.receive(encode(WelcomePart(more=True)))
    with pytest.raises(FrameError) as error:
        end.receive(encode(WelcomePart()))
    assert fatal(error) is Code.OUT_OF_TURN
