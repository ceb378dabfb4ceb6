"""The shared texts as the server has them, without unpublished edits. Pure."""

from collections.abc import Mapping

from codesync_client.document.edit_pieces import EditPieces
from codesync_client.document.replica import Replica
from codesync_client.document.text_bounds import TextBounds, check_size
from codesync_protocol.messages import DocumentCheck, Edited
from codesync_protocol.shared_text import TEXTS, digest


class ServerCopy:
    """A replica to which only published edits are applied.

    Attributes:
        seq: the last event that it contains.
    """

    def __init__(self) -> None:
        self.seq = 0
        self._fetched = 0  # the last event that the fetched texts contained
        self._replica: Replica | None = None
        self._pieces = EditPieces()
        self._bounds = TextBounds()

    @property
    def texts(self) -> Mapping[str, str]:
        """The texts by name; empty until they were loaded."""
        return self._replica.texts if self._replica else dict.fromkeys(TEXTS, "")

    def load(self, client: int, state: bytes, seq: int, blocks: int) -> None:
        """Replace the copy by fetched texts.

        Args:
            client: the CRDT id of this member.
            state: the texts with their history, as one Yjs update.
            seq: the last event that they contain.
            blocks: an upper bound of their blocks.

        Raises:
            DocumentBroken: the texts are invalid.
        """
        self._pieces.clear()
        self._bounds = TextBounds(blocks, len(state))
        self._replica = Replica(client, state)
        self.seq = self._fetched = seq

    def receive(self, edited: Edited) -> bytes | None:
        """Apply a published edit, or store a piece of one.

        Returns:
            The edit as a Yjs update, if it was applied. None for a piece that is not the last, and
            for an edit that the fetched texts contain.

        Raises:
            DocumentBroken: the edit is invalid.
            FrameError: the edit exceeds what a server accepts.
        """
        if self._replica is None or edited.seq <= self._fetched:
            return None
        update = self._pieces.add(edited)
        if update is None:
            return None
        self._bounds.add(update)
        self._replica.apply(update, edited.member)
        check_size(self._replica.size)
        if self._bounds.is_full:
            self._bounds.count(self._replica.state())
        self.seq = edited.seq
        return update

    def drop_pieces(self) -> None:
        """Remove pieces of edits; the server sends the edits again from their beginning."""
        self._pieces.clear()

    def contradicts(self, check: DocumentCheck) -> bool:
        """Return whether the texts differ from the server's; False if the check is older."""
        if self._replica is None or check.seq < self.seq:
            return False
        return digest(self._replica.texts) != check.digest
