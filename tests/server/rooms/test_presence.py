"""The position of each member is announced once, however often it changes."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence

import pytest

from codesync_protocol.messages import Caret, MemberCaret, MemberCarets, Role
from codesync_protocol.shared_text import SOURCE, STDIN
from codesync_server.rooms.presence import Presence, send_carets
from codesync_server.rooms.registry import Rooms
from codesync_server.rooms.room import Room
from codesync_server.store.writer import StoreWriter
from tests.server.keeping import keeper_at_work
from tests.server.making import key_of
from tests.server.outlets import Ear
from tests.waiting import eventually


@pytest.fixture
async def writer() -> AsyncGenerator[StoreWriter, None]:
    async with keeper_at_work() as writer:
        yield writer


async def told(presence: Presence, *ears: Ear) -> None:
    """Let the rooms be told what is to be told, once."""
    before = [len(ear.heard) for ear in ears]
    async with asyncio.TaskGroup() as tasks:
        telling = tasks.create_task(presence.announce())
        await eventually(lambda: all(len(e.heard) > n for e, n in zip(ears, before, strict=True)))
        telling.cancel()


async def test_a64_ten_thousand_carets_of_one_member_are_told_as_one(writer: StoreWriter) -> None:
    rooms = Rooms(writer)
    room = rooms.add(Room("den", 0.0))
    room.document.write(SOURCE, "x" * 10_000)
    ana, eve = Ear(), Ear()
    for name, ear in (("ana", ana), ("eve", eve)):
        room.enter(key_of(name), name, Role.EDITOR, ear)
    presence = Presence(rooms)
    for at in range(10_000):
        presence.move(room, 2, Caret(0, at, at))
    presence.move(room, 1, Caret(0, 5, 6))
    await told(presence, ana, eve)
    moved = MemberCarets((MemberCaret(1, 0, 5, 6), MemberCaret(2, 0, 9_999, 9_999)))
    assert ana.of(MemberCarets) == eve.of(MemberCarets) == [moved], "one frame with both"
    late = Ear()
    send_carets(room, late)
    assert set(late.carets) == set(moved.carets)


async def test_a64_a_caret_is_kept_within_the_texts_as_they_are_when_it_comes(
    writer: StoreWriter,
) -> None:
    rooms = Rooms(writer)
    room = rooms.add(Room("den", 0.0))
    room.document.write(SOURCE, "é🙂")
    room.document.write(STDIN, "42\n")
    room.enter(key_of("eve"), "eve", Role.EDITOR, Ear())
    far = (1 << 53) - 1
    Presence(rooms).move(room, 1, Caret(far, far, far))
    caret = room.carets[1]
    assert caret.base == room.text_seq
    assert caret.anchor == caret.head == room.document.size


class CountingOutlet(Ear):
    """Counts the carets that it is told, and reads nothing: cheap enough for a crowd."""

    announcements = 0

    def put_state(
        self, kind: str, *frames: bytes, whole: Callable[[], Sequence[bytes]] | None = None
    ) -> None:
        self.announcements += kind == "carets"

    def put_event(self, frame: bytes, *, may_skip: bool = False, urgent: bool = False) -> None:
        pass


async def test_h16_a_crowded_room_does_not_slow_the_carets_of_another(writer: StoreWriter) -> None:
    rooms = Rooms(writer)
    crowd, pair = rooms.add(Room("crowd", 0.0)), rooms.add(Room("pair", 0.0))
    in_crowd, in_pair = CountingOutlet(), CountingOutlet()
    for number in range(400):  # whose carets are told every second
        channel = in_crowd if number == 1 else CountingOutlet()
        crowd.enter(key_of(f"member {number}"), f"member {number}", Role.EDITOR, channel)
    for name, channel in (("ana", CountingOutlet()), ("eve", in_pair)):
        pair.enter(key_of(name), name, Role.EDITOR, channel)
    presence = Presence(rooms)

    def told_another() -> bool:
        for room in (crowd, pair):
            presence.move(room, 1, Caret(0, 0, 0))
        return in_pair.announcements >= 30

    async with asyncio.TaskGroup() as tasks:
        telling = tasks.create_task(presence.announce())
        await eventually(told_another)
        telling.cancel()
    # One interval for all rooms would tell both equally often; their own are 20 times apart.
    assert 1 <= in_crowd.announcements <= in_pair.announcements // 2


async def test_a64_carets_of_a_crowd_are_one_frame_for_each_member(writer: StoreWriter) -> None:
    rooms = Rooms(writer)
    room = rooms.add(Room("den", 0.0))
    room.document.write(SOURCE, "x" * 100)
    ears = [Ear() for _ in range(100)]
    for number, ear in enumerate(ears):
        room.enter(key_of(f"member {number}"), f"member {number}", Role.VIEWER, ear)
    presence = Presence(rooms)
    for number in range(len(ears)):
        presence.move(room, number + 1, Caret(0, number, number))
    await told(presence, *ears)
    for ear in ears:
        (frame,) = ear.of(MemberCarets)
        assert {each.member: each.head for each in frame.carets} == {n + 1: n for n in range(100)}


def test_a64_the_deliveries_of_carets_are_counted() -> None:
    room = Room("den", 0.0)
    for number in range(100):
        room.enter(key_of(f"member {number}"), f"member {number}", Role.VIEWER, Ear())
        room.carets[number + 1] = MemberCaret(number + 1, 0, 0, 0)
    assert room.send_carets([1]) == 100
    assert room.send_carets(range(1, 101)) == 100
    assert room.send_carets([7_000]) == 0, "somebody who left"
