"""How many pieces ("blocks" in Yjs) the history of the shared texts has. Pure.

The time that the CRDT library needs for one insertion grows with their number, because it compares
the insertion with every block between its two neighbours. The count is an upper bound between two
exact counts, which read the whole state.
"""

from codesync_server.documents.update import Place, Update, read_state

BLOCKS_LONG = 4_000
"""From this number on, the history is renewed when nobody edits."""

BLOCKS_OVERLONG = 24_000
"""From this number on, the history is renewed at once."""


class HistorySize:
    """The number of blocks of one history.

    Attributes:
        blocks: at most so many blocks.
        exact: the number when they were counted last.
    """

    def __init__(self) -> None:
        self.blocks = self.exact = 0
        self._recount_at = BLOCKS_LONG
        self._typed_before: dict[int, tuple[int, Place]] = {}  # by client: its last struct

    @property
    def is_due(self) -> bool:
        """Whether the blocks had better be counted exactly."""
        return self.blocks > self._recount_at

    def count(self, state: bytes) -> None:
        """Count the blocks exactly.

        Args:
            state: the whole document as an update of the CRDT library.
        """
        clients, _ = read_state(state)
        self.counted(sum(len(each.insertions) for each in clients))

    def counted(self, blocks: int) -> None:
        """Take over an exact count."""
        self.blocks = self.exact = blocks
        self._recount_at = blocks + max(BLOCKS_LONG, blocks // 4)

    def add(self, update: Update) -> None:
        """Add what an update can add at most: an insertion or a deletion can split two blocks."""
        for insertion, place in zip(update.insertions, update.places, strict=True):
            assert update.client is not None
            before = self._typed_before.get(update.client)
            self._typed_before[update.client] = insertion.end, place
            left, right = place
            continues = (
                before is not None
                and left == (update.client, insertion.clock - 1)
                and before[0] == insertion.clock
                and right == before[1][1]
            )
            self.blocks += 0 if continues else 3  # typing on makes the same block longer
        self.blocks += 2 * len(update.deletions)
