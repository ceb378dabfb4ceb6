"""Tells whether a room is worth storing."""

from codesync_protocol.shared_text import SOURCE
from codesync_server.rooms.room import Room


def is_unused(room: Room, language: str, starter: str) -> bool:
    """Return whether a room is as it was created, so that nothing is lost without it.

    A room without jobs, edits and decisions of a host is unused, even if it had members. Links to
    it stay valid: the next client that uses one creates the room again.

    Args:
        room: the room.
        language: the language of a new room.
        starter: the source of a new room.
    """
    membership = room.membership
    if room.jobs_had or room.jobs or room.language != language or membership.links_after:
        return False
    if any(each.edits_taken or each.role or each.removed for _, each in membership.known):
        return False
    return all(
        text == (starter if name == SOURCE else "") for name, text in room.document.texts.items()
    )
