"""Clients notice that a server restored from an old copy lacks published edits."""

from codesync_protocol.shared_text import SOURCE
from codesync_server.rooms.persistence import discard_changes
from codesync_server.rooms.room import Room
from codesync_server.store.records import MemberRecord, RoomRecord, StoredRoom, TextRecord
from tests.convergence.members import Writer, settle


def copy_of(room: Room) -> StoredRoom:
    """What a copy of the store has of a room."""
    members = tuple(
        MemberRecord(key, each.member, each.name, each.crdt, each.edits_taken, "", "", 0.0)
        for key, each in room.membership.known
    )
    record = RoomRecord("den", room.text_id, "python", 0.0, 0.0, 0.0)
    return StoredRoom(record, members, TextRecord(state=room.document.state()), 0)


def test_what_the_server_lost_is_offered_to_whoever_has_it_and_all_have_the_same() -> None:
    room = Room("den", 0.0)
    room.document.write(SOURCE, "print(1)\n")
    ana, ben = Writer(room, "ana"), Writer(room, "ben")
    for writer in (ana, ben):
        writer.connect()
    settle([ana, ben])
    ana.write(0, 0, "kept ")
    settle([ana, ben])
    old = copy_of(room)
    ana.write(0, 0, "lost ")
    settle([ana, ben])
    restored = Room("den", 0.0, discard_changes, old)
    for writer in (ana, ben):
        writer.return_to(restored)
    settle([ana, ben])
    assert restored.document.texts[SOURCE] == "kept print(1)\n"
    for writer in (ana, ben):
        assert writer.document.text() == "kept print(1)\n"
        (conflict,) = writer.view.conflicts
        assert conflict.mine[SOURCE] == "lost kept print(1)\n"
        assert "lost" in conflict.reason
    ben.write(0, 0, "on ")
    settle([ana, ben])
    assert ana.document.text() == ben.document.text() == "on kept print(1)\n"


def test_whoever_missed_nothing_is_not_bothered() -> None:
    room = Room("den", 0.0)
    ana, ben = Writer(room, "ana"), Writer(room, "ben")
    for writer in (ana, ben):
        writer.connect()
    settle([ana, ben])
    ana.write(0, 0, "all of it")
    settle([ana, ben])
    restored = Room("den", 0.0, discard_changes, copy_of(room))
    ben.cut()
    ben.write(0, 0, "offline ")
    for writer in (ana, ben):
        writer.return_to(restored)
    settle([ana, ben])
    assert ana.document.text() == ben.document.text() == "offline all of it"
    assert not ana.view.conflicts
    assert not ben.view.conflicts
