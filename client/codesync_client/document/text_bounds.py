"""Bounds the cost of the shared texts and their history, edit by edit. Pure.

The CRDT library compares each insertion with the blocks of the history between its two neighbours.
So the time for an edit is bounded by its structs and by the blocks that are there. A sound server
keeps to smaller bounds; one that exceeds these is left.
"""

from codesync_protocol.errors import Code, FrameError
from codesync_protocol.history_size import HistorySize
from codesync_protocol.limits import DOCUMENT_MAX, MIB
from codesync_protocol.yjs_update import BadUpdate, read_state, read_update

BLOCKS_MAX = 30_000
"""Structs of one history, and as many deleted ranges. A server renews one of 24,000 blocks."""

HISTORY_MAX = 36 * MIB
"""Bytes of one history. A server keeps at most 32 MiB."""

TEXT_MAX = 2 * DOCUMENT_MAX
"""Bytes of the texts. A server takes no edit by which they would grow beyond half of it."""


class TextBounds:
    """Counts the size of the history of the texts.

    Args:
        blocks: an upper bound of the present blocks.
        size: bytes of the present history.
    """

    def __init__(self, blocks: int = 0, size: int = 0) -> None:
        self._loaded = blocks
        self._grown = HistorySize()
        self._bytes = size

    @property
    def is_full(self) -> bool:
        """Whether there may be too many blocks. Merged blocks make this bound too high."""
        return self._loaded + self._grown.blocks > BLOCKS_MAX

    def add(self, edit: bytes) -> None:
        """Add an edit that is about to be applied.

        Args:
            edit: a Yjs update.

        Raises:
            FrameError: it must not be applied.
        """
        try:
            update = read_update(edit)
        except BadUpdate as error:
            reason = f"an edit of the room is invalid: {error}"
            raise FrameError(Code.BAD_EDIT, reason) from None
        self._bytes += len(edit)
        if self._bytes > HISTORY_MAX:
            limit = HISTORY_MAX >> 20
            reason = f"the history of the room's texts has more than {limit} MiB"
            raise FrameError(Code.TOO_LARGE, reason)
        self._grown.add(update)

    def count(self, state: bytes) -> None:
        """Count the present blocks.

        Args:
            state: the texts with their history, as one Yjs update.

        Raises:
            FrameError: there are too many.
        """
        try:
            clients, _ = read_state(state)
        except BadUpdate as error:
            reason = f"the room's texts are invalid: {error}"
            raise FrameError(Code.BAD_FRAME, reason) from None
        self._loaded = sum(len(each.insertions) for each in clients)
        self._grown = HistorySize()
        if self.is_full:
            raise FrameError(Code.TOO_LARGE, "the history of the room's texts is too long")


def check_size(size: int) -> None:
    """Check the bytes of the texts.

    Raises:
        FrameError: there are too many.
    """
    if size > TEXT_MAX:
        reason = f"the room's texts have {size:,} bytes; {TEXT_MAX:,} may come"
        raise FrameError(Code.TOO_LARGE, reason)
