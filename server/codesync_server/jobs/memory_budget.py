"""Limits the memory for output and events of all rooms. Pure."""

import weakref
from collections import OrderedDict
from dataclasses import dataclass
from typing import Protocol

AFTER_EVICTION = 0.9
"""Eviction frees memory down to this part of the limit, so that not every write causes one."""


class Evictable(Protocol):
    """Holds memory that can be freed."""

    def evict(self) -> None:
        """Free as much memory as possible, and report the remaining size."""
        ...


@dataclass(slots=True)
class _Held:
    holder: "weakref.ref[Evictable]"
    size: int


class MemoryBudget:
    """Limits the memory of all holders. Beyond it, holders that grew least recently are evicted.

    A holder is counted until it is garbage-collected.

    Args:
        limit: maximum bytes of all holders together.

    Attributes:
        limit: the limit in bytes.
        used: bytes of all holders.
        evictions: number of evictions.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0
        self.evictions = 0
        # By identity of the holder, the least recently changed one first.
        self._held: OrderedDict[int, _Held] = OrderedDict()

    def report(self, holder: Evictable, size: int) -> None:
        """Set the size of a holder, and evict others if the limit is exceeded.

        Args:
            holder: the holder that reports.
            size: bytes.
        """
        key = id(holder)
        known = self._held.pop(key, None)
        if known is None:
            known = _Held(weakref.ref(holder, lambda _: self._forget(key)), 0)
        grew = size > known.size
        self.used += size - known.size
        known.size = size
        self._held[key] = known
        if grew and self.used > self.limit:
            self.evict_to(int(self.limit * AFTER_EVICTION))

    def _forget(self, key: int) -> None:
        if held := self._held.pop(key, None):
            self.used -= held.size

    def evict_to(self, size: int) -> None:
        """Evict holders until the total is at most `size` bytes."""
        for key in list(self._held):  # the reporting holder is the last one
            if self.used <= size:
                return
            held = self._held.get(key)
            holder = held.holder() if held is not None and held.size else None
            if holder is not None:
                self.evictions += 1
                holder.evict()
