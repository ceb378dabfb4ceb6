"""H13: the unprocessed input of all clients together is bounded."""

from collections.abc import Callable
from contextlib import AsyncExitStack

import pytest

from codesync_protocol.limits import FRAME_MAX
from codesync_protocol.messages import FetchHistory, HistoryPage
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


@pytest.mark.parametrize("make", [unfinished_frame, unfinished_message])
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


async def answers(wire: Wire) -> bool:
    await wire.say(FetchHistory(1))
    return (await wire.hear(HistoryPage)).request == 1
