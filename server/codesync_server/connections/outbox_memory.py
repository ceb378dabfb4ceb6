"""Limits the memory of all outboxes together, however many clients do not read.

A frame that waits in several outboxes is one object in memory, and counts once.
"""

from math import inf
from typing import Protocol

ENTRY_BYTES = 120
"""What a waiting frame costs in each outbox, besides its bytes."""


class EvictableOutbox(Protocol):
    """An outbox, as the memory knows it.

    Attributes:
        size: bytes that wait in it.
        overflowed: it has given up all of them.
    """

    size: int
    overflowed: bool

    def evict(self) -> None:
        """Leave out output, or everything if there is none; then the client is disconnected."""
        ...


class OutboxMemory:
    """Counts what waits in all outboxes, and has the largest one give way beyond a limit.

    Args:
        limit: bytes.

    Attributes:
        bytes: what waits now.
        evictions: how often an outbox had to give way.
    """

    def __init__(self, limit: float = inf) -> None:
        self.bytes = 0
        self.evictions = 0
        self.limit = limit
        self._held: dict[int, int] = {}  # how many outboxes hold a frame, by its id
        self._outboxes: set[EvictableOutbox] = set()

    def add(self, outbox: EvictableOutbox) -> None:
        """Watch an outbox."""
        self._outboxes.add(outbox)

    def remove(self, outbox: EvictableOutbox) -> None:
        """Forget an outbox, which must be empty."""
        self._outboxes.discard(outbox)

    def hold(self, frame: bytes) -> None:
        """Count a frame that is put into an outbox; the outbox keeps it until it drops it."""
        count = self._held.get(id(frame), 0)
        self._held[id(frame)] = count + 1
        self.bytes += ENTRY_BYTES if count else ENTRY_BYTES + len(frame)

    def drop(self, frame: bytes) -> None:
        """Count a frame that leaves an outbox no longer."""
        count = self._held.pop(id(frame)) - 1
        if count:
            self._held[id(frame)] = count
        self.bytes -= ENTRY_BYTES if count else ENTRY_BYTES + len(frame)

    def adjust(self, amount: int) -> None:
        """Count bytes that no other outbox shares; negative if they are gone."""
        self.bytes += amount

    def make_room(self) -> None:
        """Have outboxes give way, the largest first, until the limit is kept."""
        while self.bytes > self.limit:
            waiting = (each for each in self._outboxes if each.size and not each.overflowed)
            largest = max(waiting, key=lambda each: each.size, default=None)
            if largest is None:
                return
            self.evictions += 1
            largest.evict()
