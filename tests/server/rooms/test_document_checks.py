"""Histories that are expensive to load do not block the server, and are renewed (H07)."""

import asyncio
import re
import signal
from collections.abc import AsyncGenerator

import pytest

from codesync_protocol.history_size import CHEAP_BLOCKS, is_cheap
from codesync_protocol.messages import DocumentCheck, DocumentReset, Role
from codesync_protocol.shared_text import SOURCE
from codesync_server.documents import load_process
from codesync_server.documents.document import Document
from codesync_server.documents.load_process import LoadFailed, LoadProcesses
from codesync_server.documents.loading import LoadRequest, load
from codesync_server.rooms.document_checks import BLOCKS_MAX, check_document
from codesync_server.rooms.registry import UNREADABLE_SECONDS, Rooms, RoomUnavailable
from codesync_server.rooms.room import QUIET_CHECKS, Room
from codesync_server.store.changes import AddEdit, SaveText
from codesync_server.store.records import EditRecord
from codesync_server.store.writer import StoreWriter
from tests.server.documents.crafted import Id, costly_history, insertion, update
from tests.server.keeping import keeper_at_work, settled
from tests.server.making import key_of
from tests.server.outlets import Ear


@pytest.fixture
async def processes() -> AsyncGenerator[LoadProcesses, None]:
    processes = LoadProcesses()
    yield processes
    await processes.close()


@pytest.fixture
async def writer() -> AsyncGenerator[StoreWriter, None]:
    async with keeper_at_work() as writer:
        yield writer


def far_apart(blocks: int, structs: int) -> list[bytes]:
    """Edits that version 0.1 took: each of the structs is compared with all of the blocks."""
    ends: tuple[Id | None, Id | None] = (None, (1, 1))
    chain = [insertion("x", (50, at - 1) if at else (1, 0), ends[at % 2]) for at in range(blocks)]
    far = [insertion("y", (1, 0)) for _ in range(structs)]
    return [
        update(1, 0, [insertion("ab")]),
        update(50, 0, chain),
        update(60, 0, far),
    ]


async def store(writer: StoreWriter, name: str, updates: list[bytes]) -> None:
    """Have a room in the store whose text has a history."""
    room = Room(name, 0.0, writer.write)
    room.save_all()
    state, *edits = updates
    writer.write(SaveText(name, 1, 0, state))
    for index, data in enumerate(edits, 1):
        writer.write(AddEdit(name, 1, EditRecord(index, key_of("eve"), index, data)))
    await settled(writer)


class Ticks:
    """Counts how often the event loop goes round."""

    def __init__(self) -> None:
        self.count = 0

    async def run(self) -> None:
        while True:
            self.count += 1
            await asyncio.sleep(0.01)


def test_h07_what_is_certainly_cheap_is_known_without_loading_it() -> None:
    document = Document()
    document.write(SOURCE, "x" * 10_000)
    assert is_cheap([document.state()])
    assert is_cheap([])
    assert not is_cheap(far_apart(CHEAP_BLOCKS, 1))
    assert not is_cheap([b"x" * 100_000])
    assert load(LoadRequest([b"\x01\xff\xff"], wants_texts=True, cpu_seconds=1)).error


async def test_h07_a_room_with_a_costly_history_is_restored_while_the_server_goes_on(
    writer: StoreWriter, processes: LoadProcesses
) -> None:
    await store(writer, "lab", far_apart(3000, 1500))
    ticks = Ticks()
    async with asyncio.TaskGroup() as tasks:
        ticking = tasks.create_task(ticks.run())
        room = await Rooms(writer, processes=processes).open("lab", now=0.0)
        ticking.cancel()
    assert ticks.count > 20
    assert sorted(room.document.texts[SOURCE]) == sorted("ab" + "x" * 3000 + "y" * 1500)
    assert room.document.is_cheap_to_load, "its history is a new one"
    await settled(writer)
    kept = await writer.store.room("lab")
    assert kept
    assert kept.text.history == 2
    assert kept.text.edits == ()
    assert is_cheap([kept.text.state])


async def test_h07_an_honest_history_is_restored_as_it_is(
    writer: StoreWriter, processes: LoadProcesses
) -> None:
    blocks = BLOCKS_MAX // 4
    edits = [insertion("y", (1, 10 * at), (1, 10 * at + 1)) for at in range(blocks)]
    text = update(1, 0, [insertion("x" * 20_000)])
    await store(writer, "lab", [text, update(50, 0, edits)])
    rooms = Rooms(writer, processes=processes)
    room, other = await asyncio.gather(rooms.open("lab", now=0.0), rooms.open("lab", now=0.0))
    assert room is other
    assert room.document.texts[SOURCE].count("y") == blocks
    assert not room.document.is_cheap_to_load
    document = room.document
    room.document.edits += 1
    await check_document(room, processes)
    assert room.document is document


async def test_h07_a_history_that_takes_for_ever_delays_no_other_room(
    writer: StoreWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load_process, "FAST_SECONDS", 1)
    monkeypatch.setattr(load_process, "SLOW_SECONDS", 1)
    processes = LoadProcesses()
    evil_history = far_apart(30_000, 60_000)
    await store(writer, "evil", evil_history)
    await store(writer, "good", far_apart(CHEAP_BLOCKS * 2, 1))
    rooms = Rooms(writer, processes=processes)
    with pytest.raises(LoadFailed, match="more than 1 s of cpu time"):
        await processes.restore(evil_history, seconds=1)
    async with asyncio.TaskGroup() as tasks:
        evil = tasks.create_task(_unavailable(rooms, "evil", 0.0))
        good = await rooms.open("good", now=0.0)
        assert "x" in good.document.texts[SOURCE]
        await evil
    monkeypatch.setattr(processes, "restore", None)  # it is not even tried again at once
    await _unavailable(rooms, "evil", UNREADABLE_SECONDS - 1)
    await processes.close()


async def _unavailable(rooms: Rooms, name: str, now: float) -> None:
    with pytest.raises(RoomUnavailable, match="log says why"):
        await rooms.open(name, now=now)


async def test_h07_edits_that_were_cheap_but_make_a_costly_history_have_it_renewed(
    processes: LoadProcesses,
) -> None:
    """Replicas take the clients of a state by falling ids: not in the order of the edits."""
    room = Room("room-a", 0.0)
    room.document.write(SOURCE, "ab")
    ear = Ear()
    room.enter(key_of("ana"), "ana", Role.EDITOR, ear)
    low, middle, high = sorted(room.document.assign() for _ in range(3))
    blocks = 3000
    for client in (middle, low):
        for clock in range(blocks):
            edit = update(client, clock, [insertion("x", (1, 0), (1, 1))])
            room.document.apply(edit, client)
    room.document.apply(update(high, 0, [insertion("z", (low, blocks - 1))]), high)
    texts = room.document.texts
    await check_document(room, processes)
    assert len(ear.of(DocumentReset)) == 1
    assert room.document.texts == texts
    assert room.document.is_cheap_to_load
    await check_document(room, processes)
    assert ear.last(DocumentCheck).digest == room.document.digest


def test_h07_a_history_of_many_blocks_is_renewed_when_nobody_edits() -> None:
    room = Room("room-a", 0.0)
    room.document.write(SOURCE, "x" * 100_000)
    ear = Ear()
    room.enter(key_of("ana"), "ana", Role.EDITOR, ear)
    ana = room.document.assign()
    for clock in range(2500):
        place = 20 * clock
        edit = update(ana, clock, [insertion("y", (1, place), (1, place + 1))])
        room.document.apply(edit, ana)
    assert room.document.has_many_blocks
    room.check_document(is_sound=True)
    for _ in range(QUIET_CHECKS - 1):
        room.check_document()
    assert not ear.of(DocumentReset)
    room.check_document()
    assert len(ear.of(DocumentReset)) == 1
    assert room.document.is_cheap_to_load


async def test_h07_a_check_ends_soon_if_the_history_has_to_be_renewed(
    processes: LoadProcesses, caplog: pytest.LogCaptureFixture
) -> None:
    room = Room("room-a", 0.0)
    room.document = costly_history(11_000)
    ear = Ear()
    room.enter(key_of("ana"), "ana", Role.EDITOR, ear)
    texts = room.document.texts
    await check_document(room, processes)
    # A machine that is too busy to give it so much CPU time ends it later.
    assert re.search("takes more than 1 s of cpu time|not loaded within 60 s", caplog.text)
    assert len(ear.of(DocumentReset)) == 1
    assert room.document.texts == texts
    assert room.document.is_cheap_to_load


async def test_h07_a_room_that_is_restored_does_not_wait_for_a_check(
    processes: LoadProcesses,
) -> None:
    state = small_state()
    await processes.check(state)
    checks = processes._checks._process  # pyright: ignore[reportPrivateUsage]  # it is to stop
    assert checks
    checks.send_signal(signal.SIGSTOP)
    async with asyncio.TaskGroup() as tasks:
        check = tasks.create_task(processes.check(state))
        assert (await processes.restore([state])).texts[SOURCE] == "x"
        assert not check.done()
        checks.send_signal(signal.SIGCONT)
    assert check.result().blocks == 1


async def test_a_process_that_died_is_replaced(processes: LoadProcesses) -> None:
    state = small_state()
    assert (await processes.check(state)).blocks == 1
    checks = processes._checks  # pyright: ignore[reportPrivateUsage]  # it is to be killed
    assert checks._process  # pyright: ignore[reportPrivateUsage]
    checks._process.kill()  # pyright: ignore[reportPrivateUsage]
    await checks._process.wait()  # pyright: ignore[reportPrivateUsage]
    assert (await processes.check(state)).blocks == 1


def small_state() -> bytes:
    """The state of a small document."""
    document = Document()
    document.write(SOURCE, "x")
    return document.state()
