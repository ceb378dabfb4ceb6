"""Rooms are made when somebody comes, and forgotten when nobody did for a while."""

import pytest

from codesync_protocol.messages import Role
from codesync_server.rooms import registry
from codesync_server.rooms.registry import IDLE_SECONDS, Rooms, TooManyRooms
from tests.server.making import key_of, make_job
from tests.server.outlets import Ear


def test_a_room_is_made_once() -> None:
    rooms = Rooms()
    room = rooms.open("lab", now=0.0)
    assert rooms.open("lab", now=1.0) is room
    assert rooms.get("lab") is room
    assert rooms.get("other") is None
    assert list(rooms) == [room]
    assert len(rooms) == 1


def test_a_room_that_nobody_came_to_is_forgotten() -> None:
    rooms = Rooms()
    rooms.open("lab", now=0.0)
    rooms.forget_idle(IDLE_SECONDS)
    assert rooms.get("lab")
    rooms.forget_idle(IDLE_SECONDS + 1)
    assert rooms.get("lab") is None


def test_a_room_with_somebody_in_it_is_not_forgotten() -> None:
    rooms = Rooms()
    room = rooms.open("lab", now=0.0)
    ear = Ear()
    room.enter(key_of("ana"), "ana", Role.EDITOR, ear)
    rooms.forget_idle(10 * IDLE_SECONDS)
    assert rooms.get("lab") is room
    room.leave(key_of("ana"), ear, now=10 * IDLE_SECONDS)
    rooms.forget_idle(10 * IDLE_SECONDS + 1)
    assert rooms.get("lab") is room
    rooms.forget_idle(12 * IDLE_SECONDS)
    assert rooms.get("lab") is None


def test_a_room_in_which_a_job_goes_on_is_not_forgotten() -> None:
    rooms = Rooms()
    rooms.open("lab", now=0.0).add_job(make_job(1))
    rooms.forget_idle(10 * IDLE_SECONDS)
    assert rooms.get("lab")


def test_there_is_place_for_only_so_many_rooms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "ROOMS_MAX", 2)
    rooms = Rooms()
    rooms.open("one", now=0.0)
    rooms.open("two", now=5.0)
    with pytest.raises(TooManyRooms):
        rooms.open("three", now=10.0)
    rooms.open("one", now=10.0)  # it is there
    rooms.open("three", now=IDLE_SECONDS + 2.0)  # those that are idle for long make place
    assert [room.name for room in rooms] == ["two", "three"]


def test_rooms_may_be_made_and_forgotten_while_one_goes_through_them() -> None:
    rooms = Rooms()
    for number in range(10):
        rooms.open(f"room-{number}", now=0.0)
    for room in rooms:
        rooms.open(f"{room.name}-more", now=0.0)
    assert len(rooms) == 20
