"""Rooms are opened when somebody comes, and let go when nobody did for a while."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from codesync_protocol.messages import Role
from codesync_protocol.shared_text import SOURCE
from codesync_server.rooms import registry
from codesync_server.rooms.registry import IDLE_SECONDS, Rooms, TooManyRooms
from codesync_server.store.keeper import Keeper
from tests.server.keeping import keeper_at_work, settled
from tests.server.making import key_of, make_job
from tests.server.outlets import Ear


@pytest.fixture
async def keeper() -> AsyncGenerator[Keeper, None]:
    async with keeper_at_work() as keeper:
        yield keeper


@pytest.fixture
def rooms(keeper: Keeper) -> Rooms:
    return Rooms(keeper)


async def test_a_room_is_made_once(rooms: Rooms) -> None:
    room = await rooms.open("lab", now=0.0)
    assert await rooms.open("lab", now=1.0) is room
    assert rooms.get("lab") is room
    assert rooms.get("other") is None
    assert list(rooms) == [room]
    assert len(rooms) == 1


async def test_a_room_that_nobody_came_to_is_let_go(rooms: Rooms, keeper: Keeper) -> None:
    await rooms.open("lab", now=0.0)
    await settled(keeper)
    rooms.forget_idle(IDLE_SECONDS)
    assert rooms.get("lab")
    rooms.forget_idle(IDLE_SECONDS + 1)
    assert rooms.get("lab") is None


async def test_a_room_with_somebody_in_it_is_not_let_go(rooms: Rooms, keeper: Keeper) -> None:
    room = await rooms.open("lab", now=0.0)
    ear = Ear()
    room.enter(key_of("ana"), "ana", Role.EDITOR, ear)
    rooms.forget_idle(10 * IDLE_SECONDS)
    assert rooms.get("lab") is room
    room.leave(key_of("ana"), ear, now=10 * IDLE_SECONDS)
    await settled(keeper)
    rooms.forget_idle(10 * IDLE_SECONDS + 1)
    assert rooms.get("lab") is room
    rooms.forget_idle(12 * IDLE_SECONDS)
    assert rooms.get("lab") is None


async def test_a_room_in_which_a_job_goes_on_is_not_forgotten(rooms: Rooms) -> None:
    (await rooms.open("lab", now=0.0)).add_job(make_job(1))
    rooms.forget_idle(10 * IDLE_SECONDS)
    assert rooms.get("lab")


async def test_there_is_place_for_only_so_many_rooms(
    rooms: Rooms, keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "ROOMS_MAX", 2)
    await rooms.open("one", now=0.0)
    await rooms.open("two", now=5.0)
    with pytest.raises(TooManyRooms):
        await rooms.open("three", now=10.0)
    await settled(keeper)
    assert rooms.get("one"), "those that are there may be entered"
    await rooms.open("three", now=IDLE_SECONDS + 2.0)  # those that are idle for long make place
    assert [room.name for room in rooms] == ["two", "three"]


async def test_a_room_comes_back_as_it_was(rooms: Rooms, keeper: Keeper) -> None:
    room = await rooms.open("lab", now=0.0)
    room.language = "cpp"
    room.document.write(SOURCE, "int main() {}")
    room.enter(key_of("ana"), "ana", Role.EDITOR, ear := Ear())
    room.set_role(key_of("ana"), Role.VIEWER)
    room.save_all()
    room.leave(key_of("ana"), ear, now=0.0)
    await settled(keeper)
    rooms.forget_idle(2 * IDLE_SECONDS)
    assert rooms.get("lab") is None
    back = await rooms.open("lab", now=2 * IDLE_SECONDS)
    assert back is not room
    assert (back.text_id, back.language) == (room.text_id, "cpp")
    assert back.document.texts[SOURCE] == "int main() {}"
    assert back.enter(key_of("ana"), "ana", Role.EDITOR, Ear()).role is Role.VIEWER


async def test_a_room_is_not_let_go_before_all_of_it_is_kept(rooms: Rooms, keeper: Keeper) -> None:
    room = await rooms.open("lab", now=0.0)
    await settled(keeper)
    room.document.write(SOURCE, "x")
    room.edited(key_of("ana"), 1, b"")  # an edit that lies loose
    rooms.forget_idle(2 * IDLE_SECONDS)
    assert rooms.get("lab") is room, "its text is on the way to the store"
    await settled(keeper)
    rooms.forget_idle(2 * IDLE_SECONDS)
    assert rooms.get("lab") is None


async def test_two_who_open_a_room_at_once_get_the_same(rooms: Rooms) -> None:
    one, other = await asyncio.gather(rooms.open("lab", 0.0), rooms.open("lab", 0.0))
    assert one is other


async def test_rooms_may_be_made_and_forgotten_while_one_goes_through_them(rooms: Rooms) -> None:
    for number in range(10):
        await rooms.open(f"room-{number}", now=0.0)
    for room in rooms:
        await rooms.open(f"{room.name}-more", now=0.0)
    assert len(rooms) == 20
