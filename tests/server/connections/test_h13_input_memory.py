"""H13: the unprocessed input of all clients together is bounded."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest

from codesync_protocol.codec import encode
from codesync_protocol.limits import FRAME_MAX
from codesync_protocol.messages import Edit, FetchHistory, FetchSource, HistoryPage, StdinData
from codesync_server.connections import listener
from codesync_server.connections.connection import FRAGMENTS_MAX, FRAME_OVERHEAD_BYTES
from codesync_server.connections.input_memory import InputMemory
from tests.server.connections.wire import BINARY, CONTINUED, Wire, member_of, raw_frame
from tests.servers import running_server
from tests.waiting import eventually

LIMIT = 1024 * 1024
STALLED = 12
PART = 200 * 1024


def unfinished_frame() -> bytes:
    return raw_frame(BINARY, bytes(PART), says=FRAME_MAX)


def unfinished_message() -> bytes:
    """Many fragments of a message, and the beginning of one more."""
    fragments = raw_frame(CONTINUED, bytes(PART // 20), fin=False) * 10
    beginning = raw_frame(CONTINUED, bytes(PART // 2), says=PART // 2 + 1000)
    return raw_frame(BINARY, b"x", fin=False) + fragments + beginning


def unfinished_edit() -> bytes:
    """Pieces of an edit whose last piece never comes."""
    piece = encode(Edit(1, bytes(PART // 4), more=True))
    return raw_frame(BINARY, piece) * 4


def commands_that_wait() -> bytes:
    """Questions whose turn has not come, and input for a job that they are about."""
    job = "ab" * 16
    questions = b"".join(raw_frame(BINARY, encode(FetchSource(n, job))) for n in range(1, 40))
    return questions + raw_frame(BINARY, encode(StdinData(job, 0, bytes(60 * 1024)))) * 3


@pytest.mark.parametrize(
    "make", [unfinished_frame, unfinished_message, unfinished_edit, commands_that_wait]
)
async def test_h13_input_that_is_never_finished_is_bounded(
    monkeypatch: pytest.MonkeyPatch, make: Callable[[], bytes]
) -> None:
    memories: list[InputMemory] = []

    class SeenMemory(InputMemory):
        def __init__(self, limit: int) -> None:
            super().__init__(LIMIT)
            memories.append(self)

    monkeypatch.setattr(listener, "InputMemory", SeenMemory)
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(running_server())
        ana = await stack.enter_async_context(member_of(server))
        hostile = [
            await stack.enter_async_context(member_of(server, name=f"eve-{each}"))
            for each in range(STALLED)
        ]
        for each in hostile:
            each.put(make())
        fit = LIMIT // PART

        def members() -> int:
            count = server.app.stats()["members"]
            assert isinstance(count, int)
            return count

        await eventually(lambda: members() <= 1 + fit)
        assert members() >= fit - 1, "no more are disconnected than need be"
        assert LIMIT // 2 < memories[0].bytes <= LIMIT
        assert await answers(ana), "a member who sends whole messages is unaffected"
        for each in hostile:
            each.connection.transport.abort()
        await eventually(lambda: members() == 1)
        assert memories[0].bytes < PART, "the memory is given back"


async def test_h13_parsed_frames_of_a_message_count_although_they_are_empty(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    memories: list[InputMemory] = []

    class SeenMemory(InputMemory):
        def __init__(self, limit: int) -> None:
            super().__init__(limit)
            memories.append(self)

    monkeypatch.setattr(listener, "InputMemory", SeenMemory)
    count = FRAGMENTS_MAX - 1
    async with running_server() as server, member_of(server) as eve:
        empty = raw_frame(CONTINUED, fin=False) * (count - 1)
        eve.put(raw_frame(BINARY, fin=False) + empty)
        await eventually(lambda: memories[0].bytes >= count * FRAME_OVERHEAD_BYTES)
        assert await eve.is_alive()


@dataclass(eq=False)
class Holder:
    """A connection with unprocessed input."""

    input_owner: str
    held_bytes: int
    is_open: bool = True

    def drop_input(self) -> None:
        self.is_open = False


def test_h13_an_identity_with_many_connections_disconnects_its_own() -> None:
    memory = InputMemory(100)
    innocent = Holder("innocent", 30)
    hostile = [Holder("hostile", 10) for _ in range(20)]
    for each in (innocent, *hostile):
        memory.update(each)
    assert innocent.is_open
    assert sum(each.is_open for each in hostile) == 7
    assert memory.bytes == 100


async def answers(wire: Wire) -> bool:
    await wire.say(FetchHistory(1))
    return (await wire.hear(HistoryPage)).request == 1
