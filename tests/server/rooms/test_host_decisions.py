"""A host's decision is stored at once, alone, and before anybody is told of it."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from codesync_protocol.messages import Members, Notice, RemoveMember, Role, SetRole
from codesync_server.access.invites import InviteSigner
from codesync_server.rooms import membership as membership_module
from codesync_server.rooms.commands.host import HostCommands
from codesync_server.rooms.publish_barrier import Durable
from codesync_server.rooms.registry import Rooms
from codesync_server.rooms.room import Room
from codesync_server.rooms.seat import Seat
from codesync_server.store.changes import Change, SaveMember, SaveRoom
from codesync_server.store.writer import StoreWriter
from tests.server.keeping import keeper_at_work, settled
from tests.server.making import key_of
from tests.server.outlets import Ear

LINK = 5.0
"""When the link of all members was made."""


class Changes:
    """Records the changes of a room, and writes none before it is told to."""

    def __init__(self) -> None:
        self.made: list[Change] = []
        self._waiting: list[asyncio.Future[None]] = []

    def keep(self, change: Change) -> Durable:
        self.made.append(change)
        kept = asyncio.get_running_loop().create_future()
        self._waiting.append(kept)
        return kept

    async def write(self) -> None:
        """Write what there is, in its order."""
        for kept in self._waiting:
            kept.set_result(None)
        self._waiting.clear()
        await asyncio.sleep(0)  # the callbacks of the futures run


def enter(room: Room, name: str, role: Role = Role.EDITOR) -> Ear:
    ear = Ear()
    issued = None if role is Role.HOST else LINK
    room.enter(key_of(name), name, role, ear, issued)
    return ear


def host_of(room: Room) -> tuple[HostCommands, Ear]:
    ear = enter(room, "ana", Role.HOST)
    return HostCommands(Seat(room, key_of("ana"), ear), InviteSigner("token")), ear


@pytest.mark.parametrize("act", ["demote", "remove"])
async def test_f02_a_decision_stores_one_member_however_many_there_are(act: str) -> None:
    changes = Changes()
    room = Room("den", 0.0, changes.keep)
    host, _ = host_of(room)
    for number in range(50):
        enter(room, f"member-{number}")
    changes.made.clear()
    member = room.member_of(key_of("member-7")).member
    if act == "demote":
        host.set_role(SetRole(member, Role.VIEWER))
    else:
        host.remove(RemoveMember(member))
    saved, dates = changes.made
    assert isinstance(saved, SaveMember)
    assert (saved.record.role, bool(saved.record.removed)) == (
        ("viewer", False) if act == "demote" else ("", True)
    )
    assert isinstance(dates, SaveRoom)
    assert dates.is_decision
    assert max(dates.record.invites_after, dates.record.editors_after) > 0


@pytest.mark.parametrize("act", ["demote", "remove"])
async def test_f02_a_decision_is_durable_before_anybody_is_told(act: str) -> None:
    changes = Changes()
    room = Room("den", 0.0, changes.keep)
    host, ear = host_of(room)
    eve = enter(room, "eve")
    await changes.write()
    ear.heard.clear()
    member = room.member_of(key_of("eve")).member
    if act == "demote":
        host.set_role(SetRole(member, Role.VIEWER))
        assert room.member_of(key_of("eve")).role is Role.VIEWER, "at once"
    else:
        host.remove(RemoveMember(member))
        assert eve.closed, "at once"
    await asyncio.sleep(0)
    assert not ear.of(Notice)
    assert not ear.of(Members)
    await changes.write()
    assert "ana" in ear.last(Notice).text
    roles = {each.name: each.role for each in ear.last(Members).members}
    assert roles.get("eve") == (Role.VIEWER if act == "demote" else None)


@pytest.fixture
async def writer() -> AsyncGenerator[StoreWriter, None]:
    async with keeper_at_work() as writer:
        yield writer


async def after_a_crash(writer: StoreWriter) -> Room:
    """Open the room as a server does after one that saved nothing at its end."""
    await settled(writer)
    room = await Rooms(writer).open("den", now=0.0)
    await settled(writer)
    return room


async def test_f02_a_crash_neither_lets_a_removed_member_in_nor_bars_those_who_were_here(
    writer: StoreWriter,
) -> None:
    room = await Rooms(writer).open("den", now=0.0)
    left = enter(room, "left before")
    room.leave(key_of("left before"), left, now=0.0)
    for name in ("ben", "eve"):
        enter(room, name)
    await settled(writer)
    room.remove(key_of("eve"), "out")
    room = await after_a_crash(writer)
    is_barred = room.membership.is_barred
    assert is_barred(key_of("eve"), LINK) == "out"
    assert is_barred(key_of("ben"), LINK) == "", "was here"
    assert is_barred(key_of("left before"), LINK)
    assert is_barred(key_of("another key of eve"), LINK)
    # Ben does not return, so the next decision bars his old link, also after another crash.
    enter(room, "cid", Role.HOST)
    enter(room, "mal", Role.HOST)
    room.remove(key_of("mal"), "out")
    assert room.membership.is_barred(key_of("ben"), LINK)
    room = await after_a_crash(writer)
    assert room.membership.is_barred(key_of("ben"), LINK)
    assert room.membership.is_barred(key_of("cid"), LINK) == ""


async def test_h11_after_a_crash_roles_by_old_links_are_no_decisions_of_a_host(
    writer: StoreWriter,
) -> None:
    room = await Rooms(writer).open("den", now=0.0)
    for name, role in (("ana", Role.HOST), ("eve", Role.EDITOR), ("ben", Role.EDITOR)):
        enter(room, name, role)
    room.set_role(key_of("eve"), Role.VIEWER)
    enter(room, "another key of eve")
    before = {key: each.weight for key, each in room.membership.known}
    room = await after_a_crash(writer)
    identity = room.membership.identity
    assert {key: each.weight for key, each in room.membership.known} == before
    assert identity(key_of("another key of eve")).role is Role.VIEWER
    assert identity(key_of("another key of eve")).weight == 0
    assert identity(key_of("eve")).weight == 2
    room.enter(key_of("ana"), "ana", Role.HOST, Ear(), None)
    enter(room, "another key of eve")
    room.set_role(key_of("another key of eve"), Role.EDITOR)
    room = await after_a_crash(writer)
    assert room.membership.identity(key_of("another key of eve")).weight == 2


async def test_h11_saving_the_text_stores_only_members_who_edited_since() -> None:
    changes = Changes()
    room = Room("den", 0.0, changes.keep)
    for name in ("ana", "ben", "cid"):
        enter(room, name)
        room.identity(key_of(name)).edits_taken = 1
        room.identity(key_of(name)).crdt = 7
        room.edited(key_of(name), 1, b"edit")
    room.save_text()
    changes.made.clear()
    room.identity(key_of("ben")).edits_taken = 2
    room.edited(key_of("ben"), 2, b"edit")
    room.save_text()
    saved = [each.record for each in changes.made if isinstance(each, SaveMember)]
    assert [(each.key, each.edits_taken) for each in saved] == [(key_of("ben"), 2)]
    changes.made.clear()
    room.renew_document()
    room.identity(key_of("cid")).crdt = 9
    room.renew_document()
    saved = [each.record for each in changes.made if isinstance(each, SaveMember)]
    assert sorted(each.key for each in saved[:3]) == [*map(key_of, ("ana", "ben", "cid"))]
    assert [each.key for each in saved[3:]] == [key_of("cid")]
    assert {each.crdt for each in saved} == {0}


def test_h11_many_members_who_edited_do_not_keep_a_new_one_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(membership_module, "IDENTITIES_KEPT", (3, 5, 7))
    room = Room("den", 0.0)
    for number in range(20):
        ear = enter(room, f"member-{number}")
        room.identity(key_of(f"member-{number}")).edits_taken = 1
        room.leave(key_of(f"member-{number}"), ear, now=1.0)
    for name in ("ana", "ben"):
        enter(room, name)
        assert room.identity(key_of(name)).is_present
    assert len(room.membership) == 2
