"""Loads and checks the histories of rooms without blocking the event loop."""

import logging
from collections.abc import Mapping
from dataclasses import replace

from codesync_protocol.history_size import is_cheap
from codesync_server.documents.document import Document, UnreadableHistory
from codesync_server.documents.load_process import LoadFailed, LoadProcesses
from codesync_server.rooms.room import Room
from codesync_server.store.records import StoredRoom, TextRecord

LOAD_SECONDS = 0.05
LOAD_SECONDS_PER_BLOCK = 10e-6
"""A history that takes longer to load is renewed. Typical ones take about a microsecond a block."""

BLOCKS_MAX = 2_000
"""A stored history with more blocks is replaced by a new one."""

log = logging.getLogger(__name__)


async def check_document(room: Room, processes: LoadProcesses) -> None:
    """Check the texts of a room, and send their checksum to its members.

    The history is renewed if it takes newcomers too long to load, or if loading it results in
    different texts.

    Args:
        room: the room.
        processes: load histories that may take long.
    """
    document = room.document
    if room.is_checked or document.is_cheap_to_load:
        room.check_document()
        return
    edits, digest = document.edits, document.digest
    try:
        loaded = await processes.check(document.state())
    except LoadFailed as error:
        log.warning("room %s: its history is renewed: %s", room.name, error)
        is_sound = False
    else:
        limit = LOAD_SECONDS + loaded.blocks * LOAD_SECONDS_PER_BLOCK
        is_sound = not loaded.error and loaded.digest == digest and loaded.seconds <= limit
        if not is_sound:
            log.warning("room %s: its history is renewed: unsound or costly", room.name)
        elif document.edits == edits:
            document.counted(loaded.blocks)
    if room.document is document:
        room.check_document(is_sound=is_sound)


async def restorable(
    stored: StoredRoom, processes: LoadProcesses, *, seconds: int | None = None
) -> tuple[StoredRoom, bool]:
    """Return a stored room in a form that is restored without blocking the event loop.

    Args:
        stored: the stored record.
        processes: load histories that may be costly.
        seconds: CPU time for a history that may be costly; see `LoadProcesses.restore`.

    Returns:
        The room to restore, and whether its text has a new history that must be saved.

    Raises:
        UnreadableHistory: the stored texts are invalid, or take too long to load.
    """
    text = stored.text
    updates = [each for each in (text.state, *(edit.data for edit in text.edits)) if each]
    if is_cheap(updates):
        return stored, False
    try:
        loaded = await processes.restore(updates, seconds=seconds)
    except LoadFailed as error:
        raise UnreadableHistory(str(error)) from None
    if loaded.error:
        raise UnreadableHistory(loaded.error)
    if loaded.seconds <= LOAD_SECONDS / 2 and loaded.blocks <= BLOCKS_MAX:
        return stored, False
    return _with_new_history(stored, loaded.texts), True


def _with_new_history(stored: StoredRoom, texts: Mapping[str, str]) -> StoredRoom:
    """Replace the history of a stored room's texts; the counterpart of `Room.renew_document`."""
    taken = {edit.key: edit.number for edit in stored.text.edits}
    members = tuple(
        replace(each, crdt=0, edits_taken=max(each.edits_taken, taken.get(each.key, 0)))
        for each in stored.members
    )
    index = stored.text.index + len(stored.text.edits)
    text = TextRecord(stored.text.history + 1, index, Document.holding(texts).state())
    return replace(stored, members=members, text=text)
