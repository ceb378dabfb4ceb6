"""Joins the pieces of edits of others. Pure."""

from codesync_protocol.errors import Code, FrameError
from codesync_protocol.limits import EDIT_MAX
from codesync_protocol.messages import Edited
from codesync_protocol.shared_text import DocumentBroken

UNFINISHED_MAX = 1000
"""Edits of which only pieces have come. A server sends the pieces of an edit one after the other,
so there are few, unless it invents members."""

UNFINISHED_BYTES_MAX = 8 * EDIT_MAX
"""Their pieces together."""


class EditPieces:
    """Incomplete edits by member."""

    def __init__(self) -> None:
        self._pieces: dict[int, bytearray] = {}

    def add(self, edited: Edited) -> bytes | None:
        """Add a piece; return the whole edit if it was the last one.

        Raises:
            DocumentBroken: the edit is larger than edits may be.
            FrameError: too many edits are unfinished.
        """
        pieces = self._pieces.setdefault(edited.member, bytearray())
        pieces += edited.data
        if len(pieces) > EDIT_MAX:
            raise DocumentBroken("an edit of the room is larger than edits may be")
        if not edited.more:
            del self._pieces[edited.member]
            return bytes(pieces)
        waiting = self._pieces.values()
        if len(waiting) > UNFINISHED_MAX or sum(map(len, waiting)) > UNFINISHED_BYTES_MAX:
            self.clear()
            raise FrameError(Code.TOO_LARGE, "too many edits of the room are unfinished")
        return None

    def clear(self) -> None:
        """Remove all pieces."""
        self._pieces.clear()
