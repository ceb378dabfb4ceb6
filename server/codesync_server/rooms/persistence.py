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
"""Edits behind the last saved state; with more, the state is saved anew."""

Keep = Callable[[Change], Durable]


def discard_changes(_: Change) -> Durable:
    """Keep nothing: for rooms that nobody will want back."""
    return None


class RoomPersistence:
    """One room's way into the store.

    Args:
        name: the room's name.
        keep: has a change written.
        text: what is in the store already.
    """

    def __init__(self, name: str, keep: Keep, text: TextRecord | None = None) -> None:
        text = text or TextRecord()
        self._name = name
        self._keep = keep
        self._history = text.history
        self._index = text.index + len(text.edits)
        self._edits = len(text.edits)
        self._edit_bytes = sum(len(edit.data) for edit in text.edits)

    @property
    def is_long(self) -> bool:
        """Whether so many edits lie behind the saved state that it had better be saved anew."""
        return self._edits > EDITS_MAX or self._edit_bytes > EDIT_BYTES_MAX

    @property
    def has_edits(self) -> bool:
        """Whether any edit lies behind the saved state."""
        return self._edits > 0

    def room(self, *, text: str, language: str, membership: Membership, made_at: float) -> Durable:
        """Keep the room itself, and which of its links are old."""
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
        return self._keep(SaveRoom(record))

    def member(self, key: str, identity: Identity) -> Durable:
        """Keep what is known of somebody."""
        record = MemberRecord(
            key,
            identity.member,
            identity.name,
            identity.crdt,
            identity.edits_taken,
            identity.role or "",
            identity.removed,
            identity.seen_at,
        )
        return self._keep(SaveMember(self._name, record))

    def edit(self, key: str, number: int, data: bytes) -> Durable:
        """Keep an edit of the texts."""
        self._index += 1
        self._edits += 1
        self._edit_bytes += len(data)
        record = EditRecord(self._index, key, number, data)
        return self._keep(AddEdit(self._name, self._history, record))

    def text(
        self,
        document: "Document",
        identities: Iterable[tuple[str, Identity]],
        *,
        begins_anew: bool = False,
    ) -> Durable:
        """Keep the texts as they are now.

        Args:
            document: the texts.
            identities: those who may have edited them.
            begins_anew: they have another history than before.
        """
        self._history += begins_anew
        for key, identity in identities:
            if identity.edits_taken or begins_anew:
                self.member(key, identity)  # the edits that told how many they made go away
        self._edits = self._edit_bytes = 0
        return self._keep(SaveText(self._name, self._history, self._index, document.state()))
