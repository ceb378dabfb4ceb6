"""Limits the memory for output and events of all rooms. Pure."""

import weakref
from collections import OrderedDict
from dataclasses import dataclass
from typing import Protocol

AFTER_EVICTION = 0.9
"""An eviction frees memory down to this part of the limit, so that not each write evicts."""


class Evictable(Protocol):
    """Holds memory that it can give up."""

    def evict(self) -> None:
        """Give up what it can, and report the size that remains."""
        ...


@dataclass(slots=True)
class _Held:
    holder: "weakref.ref[Evictable]"
    size: int


class MemoryBudget:
    """Counts what holders keep; when it is too much, those that did not grow for longest give up.

    A holder is counted until it is garbage.

    Args:
        limit: bytes of all holders together.

    Attributes:
        limit: the limit.
        used: bytes that all holders keep.
        evictions: number of times that a holder had to give up memory.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0
        self.evictions = 0
        # By identity of the holder, the one that did not change for longest first.
        self._held: OrderedDict[int, _Held] = OrderedDict()

    def report(self, holder: Evictable, size: int) -> None:
        """Count what a holder keeps now; others are evicted if that is too much.

        Args:
            holder: reports itself.
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
        """Have holders give up memory until no more than so many bytes are kept."""
        for key in list(self._held):  # who reports is the last
            if self.used <= size:
                return
            held = self._held.get(key)
            holder = held.holder() if held is not None and held.size else None
            if holder is not None:
                self.evictions += 1
                holder.evict()
