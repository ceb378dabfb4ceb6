"""Counts the pieces ("blocks" in Yjs) of the history of the shared texts. Pure.

The time that the CRDT library needs for one insertion grows with their number, because it compares
the insertion with every block between its two neighbours: about 0.1 to 0.3 microseconds each.
"""

from collections import defaultdict
from collections.abc import Sequence

from codesync_protocol.yjs_update import BadUpdate, Place, TooComplex, Update, read_state

BLOCKS_LONG = 4_000
"""From this number on, the server renews the history while nobody edits."""

BLOCKS_OVERLONG = 24_000
"""From this number on, the server renews it at once."""

CHEAP_BYTES = 64 * 1024
CHEAP_BLOCKS = 400
"""A history up to this size loads within 50 ms, whatever its content: at most, each block is
compared with all others."""


class HistorySize:
    """The number of blocks of one history, as an upper bound.

    The clocks at which blocks begin are stored, so that a place that is cut twice counts once. The
    library merges some blocks later; `counted` corrects the number.
    """

    def __init__(self) -> None:
        self._begins: defaultdict[int, set[int]] = defaultdict(set)
        self._merged = 0
        self._last: dict[int, tuple[int, Place]] = {}  # by client: end and place of its last struct

    @property
    def blocks(self) -> int:
        """The upper bound of the number of blocks."""
        return self._bound - self._merged

    @property
    def _bound(self) -> int:
        return sum(len(each) for each in self._begins.values())

    def counted(self, blocks: int) -> None:
        """Set the exact number of the present blocks."""
        self._merged = max(0, self._bound - blocks)

    def add(self, update: Update) -> None:
        """Add the blocks that an update creates."""
        for insertion, (left, right) in zip(update.insertions, update.places, strict=True):
            assert update.client is not None
            begin, last = insertion.clock, self._last.get(update.client)
            self._last[update.client] = insertion.end, (left, right)
            if left == (update.client, begin - 1) and last and last == (begin, (last[1][0], right)):
                continue  # continued typing: the library extends the previous block
            self._begins[update.client].add(begin)
            if left:
                self._begins[left[0]].add(left[1] + 1)
            if right:
                self._begins[right[0]].add(right[1])
        for each in update.deletions:
            self._begins[each.client] |= {each.clock, each.end}


def is_cheap(updates: Sequence[bytes]) -> bool:
    """Tell whether a history loads within 50 ms, without loading it.

    Args:
        updates: the updates of the history, in order.
    """
    if sum(len(each) for each in updates) > CHEAP_BYTES:
        return False
    blocks = 0
    try:
        for update in updates:
            clients, deletions = read_state(update, CHEAP_BLOCKS - blocks)
            blocks += sum(len(each.insertions) for each in clients) + 2 * len(deletions)
            if blocks > CHEAP_BLOCKS:
                return False
    except TooComplex:
        return False
    except BadUpdate:
        return True  # the library refuses it, too
    return True
