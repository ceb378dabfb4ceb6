"""Limits the memory of the unprocessed input of all clients together.

Each connection is bounded, but there are many: a client that sends most of a large frame, or some
pieces of an edit, and then nothing keeps its bytes here for as long as it likes.
"""

from collections import Counter
from typing import Protocol

INPUT_BYTES_MAX = 64 * 1024 * 1024
"""Input of all clients that is received and not processed."""


class InputHolder(Protocol):
    """A connection, as the memory knows it."""

    @property
    def input_owner(self) -> str:
        """The identity whose input this is, such as an invite."""
        ...

    @property
    def held_bytes(self) -> int:
        """Bytes that were received from the client and are not processed yet."""
        ...

    def drop_input(self) -> None:
        """Disconnect the client at once."""
        ...


class InputMemory:
    """Counts unprocessed input; beyond a limit, disconnects clients of the identity with most.

    An identity with many connections thus disconnects its own, and not a client that has more than
    each of them.

    Args:
        limit: bytes.

    Attributes:
        bytes: what is held, as far as connections have said.
    """

    def __init__(self, limit: int) -> None:
        self.bytes = 0
        self._limit = limit
        self._held: dict[InputHolder, int] = {}

    def update(self, holder: InputHolder) -> None:
        """Count what a connection holds now."""
        self._count(holder)
        if self.bytes > self._limit:
            self._make_room()

    def remove(self, holder: InputHolder) -> None:
        """Forget a connection."""
        self.bytes -= self._held.pop(holder, 0)

    def _count(self, holder: InputHolder) -> None:
        held = holder.held_bytes
        self.bytes += held - self._held.get(holder, 0)
        self._held[holder] = held

    def _make_room(self) -> None:
        for holder in self._held:  # some have processed their input meanwhile
            self._count(holder)
        owned = Counter[str]()
        for holder, held in self._held.items():
            owned[holder.input_owner] += held
        while self.bytes > self._limit:
            largest = max(self._held, key=lambda each: (owned[each.input_owner], self._held[each]))
            owned[largest.input_owner] -= self._held[largest]
            self.remove(largest)
            largest.drop_input()
