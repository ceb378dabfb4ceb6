"""Decides when the changes of a room are stored, and passes them to the writer."""

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from codesync_server.rooms.identity import Identity
from codesync_server.rooms.membership import Membership
from codesync_server.rooms.publish_barrier import Durable
from codesync_server.store.changes import AddEdit, Change, SaveMember, SaveRoom, SaveText
from codesync_server.store.records import EditRecord, MemberRecord, RoomRecord, TextRecord

if TYPE_CHECKING:
    from codesync_server.documents.document import Document

EDITS_MAX = 500
EDIT_BYTES_MAX = 1024 * 1024
"""Bytes of edits since the last saved state. Above this limit, the state is saved again."""

WriteChange = Callable[[Change], Durable]


def discard_changes(_: Change) -> Durable:
    """Discard a change: for rooms that are not stored."""
    return None


class RoomPersistence:
    """Writes the changes of one room to the store.

    Args:
        name: the room's name.
        write: writes a change to the store.
        text: the stored texts; None for a new room.
    """

    def __init__(self, name: str, write: WriteChange, text: TextRecord | None = None) -> None:
        text = text or TextRecord()
        self._name = name
        self._write = write
        self._history = text.history
        self._index = text.index + len(text.edits)
        self._edits = len(text.edits)
        self._edit_bytes = sum(len(edit.data) for edit in text.edits)
        self._edited = {edit.key for edit in text.edits}  # whose count of edits is only in these

    @property
    def is_long(self) -> bool:
        """Whether there are so many edits since the saved state that it should be saved again."""
        return self._edits > EDITS_MAX or self._edit_bytes > EDIT_BYTES_MAX

    @property
    def has_edits(self) -> bool:
        """Whether there are edits since the saved state."""
        return self._edits > 0

    def room(
        self,
        text: str,
        language: str,
        membership: Membership,
        made_at: float,
        *,
        is_decision: bool = False,
    ) -> Durable:
        """Store the room itself, with the dates from which links are valid.

        Args:
            text: the id of its text.
            language: the language of the source.
            membership: has the dates.
            made_at: when the room was created.
            is_decision: whether this, and all changes before it, must outlast a power cut.
        """
        record = RoomRecord(
            self._name,
            text,
            language,
            membership.invites_after,
            made_at,
            time.time(),
            membership.editors_after,
            membership.server_dates_from,
        )
        return self._write(SaveRoom(record, is_decision))

    def member(self, key: str, identity: Identity) -> Durable:
        """Store the identity of a member."""
        self._edited.discard(key)
        record = MemberRecord(
            key,
            identity.member,
            identity.name,
            identity.crdt,
            identity.edits_taken,
            identity.role or "",
            identity.removed,
            identity.seen_at,
            identity.is_present,
            identity.is_capped,
        )
        return self._write(SaveMember(self._name, record))

    def edit(self, key: str, number: int, data: bytes) -> Durable:
        """Store an edit of the texts."""
        self._index += 1
        self._edits += 1
        self._edit_bytes += len(data)
        self._edited.add(key)
        record = EditRecord(self._index, key, number, data)
        return self._write(AddEdit(self._name, self._history, record))

    def text(
        self,
        document: "Document",
        membership: Membership,
        *,
        begins_anew: bool = False,
        changed: Iterable[str] = (),
    ) -> Durable:
        """Store the current texts.

        Args:
            document: the texts.
            membership: has the identities of all clients that may have edited the texts.
            begins_anew: whether the texts have a new history.
            changed: client keys of identities that changed with the history.
        """
        self._history += begins_anew
        for key in self._edited.union(changed):
            if identity := membership.identity_of(key):
                self.member(key, identity)  # the stored edits, which have the counts, are deleted
        self._edited.clear()
        self._edits = self._edit_bytes = 0
        return self._write(SaveText(self._name, self._history, self._index, document.state()))
