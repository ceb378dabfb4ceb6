"""Rooms are loaded when a member enters, and unloaded when unused."""

import asyncio
from collections.abc import AsyncGenerator, Callable

import pytest

from codesync_protocol.messages import JobState, Role
from codesync_protocol.shared_text import SOURCE
from codesync_server.access.budgets import Budget
from codesync_server.access.limit_reached import LimitReached
from codesync_server.access.payer import Payer
from codesync_server.access.token_buckets import Rate
from codesync_server.jobs.job import Job
from codesync_server.rooms import registry
from codesync_server.rooms.registry import IDLE_SECONDS, RoomLimits, Rooms, TooManyRooms
from codesync_server.rooms.room import Room
from codesync_server.store.writer import StoreWriter
from tests.server.keeping import keeper_at_work, settled
from tests.server.making import key_of, make_job
from tests.server.outlets import Ear


@pytest.fixture
async def writer() -> AsyncGenerator[StoreWriter, None]:
    async with keeper_at_work() as writer:
        yield writer


@pytest.fixture
def rooms(writer: StoreWriter) -> Rooms:
    return Rooms(writer)


async def test_a_room_is_made_once(rooms: Rooms) -> None:
    room = await rooms.open("lab", now=0.0)
    assert await rooms.open("lab", now=1.0) is room
    assert rooms.get("lab") is room
    assert rooms.get("other") is None
    assert list(rooms) == [room]
    assert len(rooms) == 1


async def test_a_room_that_nobody_came_to_is_let_go(rooms: Rooms, writer: StoreWriter) -> None:
    await rooms.open("lab", now=0.0)
    await settled(writer)
    rooms.forget_idle(IDLE_SECONDS)
    assert rooms.get("lab")
    rooms.forget_idle(IDLE_SECONDS + 1)
    assert rooms.get("lab") is None


async def test_idle_rooms_are_let_go_a_few_at_a_time(rooms: Rooms, writer: StoreWriter) -> None:
    """A class leaves 100 rooms together; saving all of them at once took 300 ms."""
    for number in range(5):
        await rooms.open(f"lab-{number}", now=0.0)
    await settled(writer)
    assert not rooms.forget_idle(IDLE_SECONDS + 1, seconds=-1.0)
    assert len(rooms) == 5
    assert rooms.forget_idle(IDLE_SECONDS + 1)
    assert len(rooms) == 0


async def test_a_room_with_somebody_in_it_is_not_let_go(rooms: Rooms, writer: StoreWriter) -> None:
    room = await rooms.open("lab", now=0.0)
    ear = Ear()
    room.enter(key_of("ana"), "ana", Role.EDITOR, ear)
    rooms.forget_idle(10 * IDLE_SECONDS)
    assert rooms.get("lab") is room
    room.leave(key_of("ana"), ear, now=10 * IDLE_SECONDS)
    await settled(writer)
    rooms.forget_idle(10 * IDLE_SECONDS + 1)
    assert rooms.get("lab") is room
    rooms.forget_idle(12 * IDLE_SECONDS)
    assert rooms.get("lab") is None


async def test_a_room_in_which_a_job_goes_on_is_not_forgotten(rooms: Rooms) -> None:
    (await rooms.open("lab", now=0.0)).add_job(make_job(1))
    rooms.forget_idle(10 * IDLE_SECONDS)
    assert rooms.get("lab")


async def test_there_is_place_for_only_so_many_rooms(writer: StoreWriter) -> None:
    rooms = Rooms(writer, limits=RoomLimits(rooms=2))
    first = await rooms.open("one", now=0.0)
    await rooms.open("two", now=5.0)
    first.enter(key_of("ana"), "ana", Role.EDITOR, Ear())
    with pytest.raises(TooManyRooms, match=r"rooms are all in use \(2\)"):
        await rooms.open("three", now=10.0)  # the other one is not stored yet
    await settled(writer)
    await rooms.open("three", now=11.0)  # the one that is idle for longest makes place
    assert [room.name for room in rooms] == ["one", "three"]


async def test_a56_opening_rooms_is_charged_to_address_and_invite(
    writer: StoreWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    budget = Budget("rooms opened", "rooms", address=Rate(20, 1.0), invite=Rate(20, 1.0))
    monkeypatch.setattr(registry, "OPENED", budget)
    rooms = Rooms(writer, limits=RoomLimits(rooms=10))
    mallory = Payer("192.0.2.1", "token")
    for number in range(20):
        await rooms.open(f"room-{number}", 0.0, mallory)
        await settled(writer)
    with pytest.raises(LimitReached, match="limit on rooms opened is reached"):
        await rooms.open("room-20", 0.0, mallory)
    assert len(rooms) <= 10
    await rooms.open("innocent", 0.0, Payer("192.0.2.2", "an invite"))


async def test_a56_rooms_that_are_opened_at_the_same_time_count(writer: StoreWriter) -> None:
    rooms = Rooms(writer, limits=RoomLimits(rooms=3))
    opening = (rooms.open(f"room-{number}", 0.0) for number in range(20))
    opened = await asyncio.gather(*opening, return_exceptions=True)
    assert sum(isinstance(each, TooManyRooms) for each in opened) == 17
    assert len(rooms) == 3


async def test_f32_the_room_that_uses_most_is_closed_with_its_jobs(writer: StoreWriter) -> None:
    trouble: list[str] = []
    rooms = Rooms(writer, no_memory=lambda: "".join(trouble))
    ears: dict[str, Ear] = {}
    for name, text in (("large", "x" * 500_000), ("small", "x"), ("newest", "xy")):
        room = await rooms.open(name, now=0.0)
        room.document.write(SOURCE, text)
        room.save_text()
        room.enter(key_of("ana"), "ana", Role.EDITOR, ears.setdefault(name, Ear()))
    large = await rooms.open("large", now=0.0)
    large.add_job(job := make_job(1, room="large"))
    await settled(writer)
    trouble.append("memory is short")

    def cancel(ended: Job, by: str) -> None:
        ended.move(JobState.FINISHED)
        ended.cancelled_by = by

    assert rooms.close_largest(cancel)
    assert [name for name, ear in ears.items() if ear.closed] == ["large"]
    assert job.cancelled_by == "the server, which needs memory"
    large.leave(key_of("ana"), ears["large"], now=0.0)
    with pytest.raises(TooManyRooms, match="memory is short"):
        await rooms.open("large", now=0.0)  # or its members would come back at once
    await settled(writer)
    rooms.forget_idle(1.0)
    assert rooms.get("large") is None
    trouble.clear()
    back = await rooms.open("large", now=2.0)
    assert len(back.document.texts[SOURCE]) == 500_000


async def test_f32_one_who_leaves_empty_rooms_behind_does_not_delay_it(writer: StoreWriter) -> None:
    rooms = Rooms(writer)
    large = await rooms.open("large", now=0.0)
    large.document.write(SOURCE, "x" * 100_000)
    large.enter(key_of("ana"), "ana", Role.EDITOR, ear := Ear())
    await rooms.open("empty", now=0.0)
    await settled(writer)
    assert rooms.close_largest(lambda _job, _by: None)
    assert rooms.get("empty") is None
    assert ear.closed


async def test_f32_empty_rooms_are_forgotten_first_where_that_suffices(writer: StoreWriter) -> None:
    rooms = Rooms(writer)
    await rooms.open("empty", now=0.0)
    small = await rooms.open("small", now=0.0)
    small.enter(key_of("ana"), "ana", Role.EDITOR, ear := Ear())
    empty = rooms.get("empty")
    assert empty
    empty.document.write(SOURCE, "x" * 500_000)
    empty.save_text()
    await settled(writer)
    assert rooms.close_largest(lambda _job, _by: None)
    assert rooms.get("empty") is None
    assert not ear.closed


async def test_a_room_comes_back_as_it_was(rooms: Rooms, writer: StoreWriter) -> None:
    room = await rooms.open("lab", now=0.0)
    room.language = "cpp"
    room.document.write(SOURCE, "int main() {}")
    room.enter(key_of("ana"), "ana", Role.EDITOR, ear := Ear())
    room.set_role(key_of("ana"), Role.VIEWER)
    room.save_all()
    room.leave(key_of("ana"), ear, now=0.0)
    await settled(writer)
    rooms.forget_idle(2 * IDLE_SECONDS)
    assert rooms.get("lab") is None
    back = await rooms.open("lab", now=2 * IDLE_SECONDS)
    assert back is not room
    assert (back.text_id, back.language) == (room.text_id, "cpp")
    assert back.document.texts[SOURCE] == "int main() {}"
    assert back.enter(key_of("ana"), "ana", Role.EDITOR, Ear()).role is Role.VIEWER


async def test_a_room_is_not_let_go_before_all_of_it_is_kept(
    rooms: Rooms, writer: StoreWriter
) -> None:
    room = await rooms.open("lab", now=0.0)
    await settled(writer)
    room.document.write(SOURCE, "x")
    room.edited(key_of("ana"), 1, b"")  # an edit that lies loose
    rooms.forget_idle(2 * IDLE_SECONDS)
    assert rooms.get("lab") is room, "its text is on the way to the store"
    await settled(writer)
    rooms.forget_idle(2 * IDLE_SECONDS)
    assert rooms.get("lab") is None


async def visited(rooms: Rooms, writer: StoreWriter, use: Callable[[Room], object]) -> None:
    """Let somebody enter a new room, use it, and leave, a long time ago."""
    room = await rooms.open("lab", now=0.0)
    room.enter(key_of("ana"), "ana", Role.EDITOR, ear := Ear())
    use(room)
    room.leave(key_of("ana"), ear, now=0.0)
    await settled(writer)
    rooms.forget_idle(2 * IDLE_SECONDS)
    rooms.forget_idle(2 * IDLE_SECONDS)
    await settled(writer)
    rooms.forget_idle(2 * IDLE_SECONDS)
    await settled(writer)
    assert rooms.get("lab") is None


async def test_a_room_that_nobody_has_used_is_deleted_from_the_store(writer: StoreWriter) -> None:
    rooms = Rooms(writer, "python", "print('hello')")
    await visited(rooms, writer, lambda _: None)
    assert await writer.store.room("lab") is None
    again = await rooms.open("lab", now=2 * IDLE_SECONDS)
    assert again.document.texts[SOURCE] == "print('hello')"


def edit(room: Room) -> None:
    room.identity(key_of("ana")).edits_taken = 1
    room.save_member(key_of("ana"))


def write(room: Room) -> None:
    room.document.write(SOURCE, "#")
    room.save_text()


def choose_language(room: Room) -> None:
    room.language = "cpp"
    room.save()


def demote(room: Room) -> None:
    room.set_role(key_of("ana"), Role.VIEWER)


def submit(room: Room) -> None:
    room.jobs_had += 1


def demote_and_promote(room: Room) -> None:
    room.set_role(key_of("ana"), Role.VIEWER)
    room.set_role(key_of("ana"), Role.EDITOR)


@pytest.mark.parametrize("use", [edit, write, choose_language, demote, demote_and_promote, submit])
async def test_a_room_that_somebody_has_used_stays_in_the_store(
    writer: StoreWriter, use: Callable[[Room], None]
) -> None:
    await visited(Rooms(writer, "python", "print('hello')"), writer, use)
    assert await writer.store.room("lab") is not None


async def test_who_enters_a_room_that_is_just_being_deleted_finds_a_new_one_that_is_kept(
    writer: StoreWriter,
) -> None:
    rooms = Rooms(writer, "python", "print('hello')")
    old = await rooms.open("lab", now=0.0)
    await settled(writer)
    rooms.forget_idle(2 * IDLE_SECONDS)  # its deletion is on the way
    new = await rooms.open("lab", now=2 * IDLE_SECONDS)
    await settled(writer)
    kept = await writer.store.room("lab")
    assert kept is not None
    assert kept.room.text == new.text_id != old.text_id
    assert kept.text.state == new.document.state()


async def test_a_server_that_ends_deletes_the_rooms_that_nobody_has_used(
    writer: StoreWriter,
) -> None:
    rooms = Rooms(writer)
    await rooms.open("unused", now=0.0)
    (await rooms.open("in-use", now=0.0)).enter(key_of("ana"), "ana", Role.EDITOR, Ear())
    await rooms.open("just-made", now=500.0)
    await settled(writer)
    rooms.forget_unused(now=500.0)
    await settled(writer)
    assert await writer.store.room_names(limit=9) == ["in-use", "just-made"]


async def test_two_who_open_a_room_at_once_get_the_same(rooms: Rooms) -> None:
    one, other = await asyncio.gather(rooms.open("lab", 0.0), rooms.open("lab", 0.0))
    assert one is other


async def test_rooms_may_be_made_and_forgotten_while_one_goes_through_them(rooms: Rooms) -> None:
    for number in range(10):
        await rooms.open(f"room-{number}", now=0.0)
    for room in rooms:
        await rooms.open(f"{room.name}-more", now=0.0)
    assert len(rooms) == 20
