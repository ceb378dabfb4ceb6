"""The reconnecting connection with servers that fail, refuse, stall, send nonsense, or flood."""

import asyncio

import pytest

from codesync_client import CannotConnect, Connected, Disconnected, EntryRefused
from codesync_client.connection import backoff, mailbox, reconnecting
from codesync_client.errors import ClientError
from codesync_protocol.errors import Code
from codesync_protocol.limits import FRAME_MAX
from codesync_protocol.messages import (
    Fault,
    Members,
    Notice,
    Refused,
    Role,
    ServerMessage,
    StdinEcho,
)
from tests.client.other_servers import Visit, server_that
from tests.client.rooms import job_id, welcome
from tests.client.watching import watching
from tests.waiting import SECONDS


async def refusal(answer: ServerMessage | bytes | str | None) -> ClientError:
    """How an entry ends that is answered so; None hangs up."""

    async def behave(visit: Visit) -> None:
        match answer:
            case None:
                await visit.connection.close(1011, "out of order")
            case bytes() | str():
                await visit.connection.send(answer)
                await visit.stay()
            case _:
                await visit.say(answer)
                await visit.stay()

    async with server_that(behave) as room:
        with pytest.raises(ClientError) as caught:
            async with room:
                pass
    return caught.value


async def test_a_hello_says_who_comes_and_for_the_first_time() -> None:
    async def behave(visit: Visit) -> None:
        await visit.say(welcome(), Notice("info", repr(visit.hello)))
        await visit.stay()

    async with server_that(behave) as room, watching(room) as ana:
        said = (await ana.until_any(Notice)).text
    assert "room='test-room', token='', name='ana'" in said
    assert "epoch='', seq=0, agent='test'" in said


async def test_a_refusal_is_passed_on_with_its_reason_and_remedy() -> None:
    error = await refusal(Refused(Code.TOKEN, "the token is wrong", "ask for another"))
    assert isinstance(error, EntryRefused)
    assert (error.code, error.reason, error.remedy) == (
        Code.TOKEN,
        "the token is wrong",
        "ask for another",
    )


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Fault(Code.BAD_FRAME, "I do not understand you", fatal=True), "I do not understand you"),
        (Members(), "out of turn"),
        (b"\xc1", "invalid frame"),
        ("text", "text"),
        (b"\x00" * (FRAME_MAX + 1), "too big"),
        (None, "out of order"),
    ],
    ids=["fault", "early", "nonsense", "text", "too large", "nothing"],
)
async def test_an_answer_that_is_none_is_said_to_be_none(
    answer: ServerMessage | bytes | str | None, said: str
) -> None:
    error = await refusal(answer)
    assert isinstance(error, CannotConnect)
    assert "refused the connection" in error.reason
    assert said in error.reason


async def test_a_server_that_never_answers_a_hello_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reconnecting, "WELCOME_SECONDS", 0.05)
    async with server_that(Visit.stay) as room:
        with pytest.raises(CannotConnect, match="no answer"):
            async with room:
                pass


# While the room lasts.


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (b"\xc1", "invalid frame"),
        ("text", "text"),
        (b"", "invalid frame"),
        (b"\xdd\xff\xff\xff\xff", "invalid frame"),
        (b"\x00" * (FRAME_MAX + 1), "cut"),
    ],
    ids=["nonsense", "text", "nothing", "a large claim", "too large"],
)
async def test_a_server_that_raves_is_left_and_tried_again(frame: bytes | str, reason: str) -> None:
    async def behave(visit: Visit) -> None:
        await visit.say(welcome(resumed=bool(visit.number)))
        if visit.number == 0:
            await visit.connection.send(frame)
        await visit.stay()

    async with server_that(behave) as room, watching(room) as ana:
        await ana.until(lambda: len(ana.of(Connected)) == 2)
        cut = ana.of(Disconnected)[0]
    assert reason in cut.reason
    assert cut.retry_in is not None


@pytest.mark.parametrize("frame", [b"\xc1", b"\x00" * (FRAME_MAX + 1)], ids=["nonsense", "large"])
async def test_a_server_that_raves_again_and_again_is_given_up(
    frame: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backoff, "FIRST_SECONDS", 0.01)

    async def behave(visit: Visit) -> None:
        await visit.say(welcome(resumed=bool(visit.number)))
        await visit.connection.send(frame)
        await visit.stay()

    async with server_that(behave) as room, watching(room) as ana:
        await ana.until(lambda: ana.over)
    assert len(ana.of(Connected)) == reconnecting.NONSENSE_MAX
    assert "repeatedly sends invalid data" in ana.of(Disconnected)[-1].reason
    assert ana.of(Disconnected)[-1].retry_in is None


async def test_a_return_says_what_was_seen_last() -> None:
    hellos: list[tuple[str, int, str]] = []

    async def behave(visit: Visit) -> None:
        hellos.append((visit.hello.epoch, visit.hello.seq, visit.hello.public_id))
        await visit.say(welcome(epoch="one", seq=3, resumed=bool(visit.number)))
        await visit.say(StdinEcho(4, job_id(1), 1, "ben", b"x"))
        if visit.number == 0:
            await visit.connection.close(1012, "restart")
        await visit.stay()

    async with server_that(behave) as room, watching(room) as ana:
        await ana.until(lambda: len(ana.of(Connected)) == 2)
        await asyncio.sleep(0)
        assert len(ana.of(StdinEcho)) == 1
        assert ana.of(Disconnected)[0].reason == "restart"
    assert [hello[:2] for hello in hellos] == [("", 0), ("one", 4)]
    assert hellos[0][2] == hellos[1][2]


@pytest.mark.parametrize("code", [Code.BUSY, Code.DRAINING])
async def test_a_refusal_that_will_pass_is_waited_out(code: Code) -> None:
    async def behave(visit: Visit) -> None:
        if visit.number == 1:
            await visit.say(Refused(code, "not now", ""))
        else:
            await visit.say(welcome(resumed=bool(visit.number)))
            if visit.number == 2:
                await visit.stay()

    async with server_that(behave) as room, watching(room) as ana:
        await ana.until(lambda: len(ana.of(Connected)) == 2)
        assert [cut.reason for cut in ana.of(Disconnected)][-1] == "not now"


async def test_a_refusal_that_will_not_pass_ends_the_events() -> None:
    async def behave(visit: Visit) -> None:
        if visit.number:
            await visit.say(Refused(Code.ROLE, "you were removed", ""))
        else:
            await visit.say(welcome())

    async with server_that(behave) as room, watching(room) as ana:
        await ana.until(lambda: ana.over)
    assert ana.of(Disconnected)[-1] == Disconnected("you were removed", None)


async def test_a_server_that_floods_a_reader_who_stands_still_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mailbox, "EVENTS_MAX", 100)

    async def behave(visit: Visit) -> None:
        await visit.say(welcome())
        while True:
            await visit.say(Notice("info", "hello"))
            await asyncio.sleep(0)  # both ends have one loop, and sending alone does not let go

    async with server_that(behave) as room, room:
        async with asyncio.timeout(SECONDS):
            while room.connected:  # noqa: ASYNC110 # nothing is read, so no event says it
                await asyncio.sleep(0.01)
            assert len([event async for event in room.events()]) == 100


async def test_a_role_is_what_the_server_says() -> None:
    async def behave(visit: Visit) -> None:
        await visit.say(welcome())
        await visit.stay()

    async with server_that(behave) as room, room:
        assert room.welcome.role is Role.EDITOR
