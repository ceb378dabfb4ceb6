"""H13: the unprocessed input of all clients together is bounded."""

from collections.abc import Callable
from contextlib import AsyncExitStack

import pytest

from codesync_protocol.codec import encode
from codesync_protocol.limits import FRAME_MAX
from codesync_protocol.messages import Edit, FetchHistory, FetchSource, HistoryPage, StdinData
from codesync_server.access.memory_by_owner import MemoryAccount, MemoryByOwner
from codesync_server.access.payer import Payer
from codesync_server.connections import listener
from codesync_server.connections.connection import FRAGMENTS_MAX, FRAME_OVERHEAD_BYTES
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
    memories: list[MemoryByOwner] = []

    class SeenMemory(MemoryByOwner):
        def __init__(self, limit: float) -> None:
            super().__init__(LIMIT)
            memories.append(self)

    monkeypatch.setattr(listener, "MemoryByOwner", SeenMemory)
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
    memories: list[MemoryByOwner] = []

    class SeenMemory(MemoryByOwner):
        def __init__(self, limit: float) -> None:
            super().__init__(limit)
            memories.append(self)

    monkeypatch.setattr(listener, "MemoryByOwner", SeenMemory)
    count = FRAGMENTS_MAX - 1
    async with running_server() as server, member_of(server) as eve:
        empty = raw_frame(CONTINUED, fin=False) * (count - 1)
        eve.put(raw_frame(BINARY, fin=False) + empty)
        await eventually(lambda: memories[0].bytes >= count * FRAME_OVERHEAD_BYTES)
        assert await eve.is_alive()


class Holder:
    """A connection with unprocessed input."""

    def __init__(self, memory: MemoryByOwner, payer: Payer, size: int) -> None:
        self.is_open = True
        self.account: MemoryAccount = memory.account(self.disconnect)
        self.account.assign(payer)
        self.account.adjust(size)
        self.account.make_room()

    def disconnect(self) -> None:
        self.is_open = False
        self.account.close()


def test_h13_an_identity_with_many_connections_disconnects_its_own() -> None:
    memory = MemoryByOwner(100)
    innocent = Holder(memory, Payer("10.0.0.1", "a", "room", "ana"), 30)
    payer = Payer("10.0.0.1", "b", "room", "eve")
    hostile = [Holder(memory, payer, 10) for _ in range(20)]
    assert innocent.is_open
    assert sum(each.is_open for each in hostile) == 7
    assert memory.bytes == 100


def test_h13_input_counts_for_the_invite_once_its_client_is_a_member() -> None:
    """A stranger is charged by address; the same bytes move to the room when it joins."""
    memory = MemoryByOwner(100)
    joining = Holder(memory, Payer("10.0.0.1"), 40)
    joining.account.assign(Payer("10.0.0.1", "a", "room", "ana"))
    strangers = [Holder(memory, Payer("10.0.0.1"), 10) for _ in range(9)]
    assert memory.bytes == 100
    assert joining.is_open
    assert sum(each.is_open for each in strangers) == 6


async def answers(wire: Wire) -> bool:
    await wire.say(FetchHistory(1))
    return (await wire.hear(HistoryPage)).request == 1
