"""Divides a store's space between rooms, and a room's between invites. Pure.

The space is taken back from whoever holds most of it, so that nobody's jobs displace those of
others. A room is an identity that is not free: an invite leads into one room only. Client keys are
free, so inside a room the invite counts.
"""

from collections.abc import Iterable
from heapq import heapify, heapreplace

Part = tuple[str, str]
"""A room, and the invite by which some of its jobs were submitted; empty if that was not kept."""


class LargestShare:
    """Finds whose job is deleted next.

    Args:
        sizes: bytes of the finished jobs of each room and invite.

    Attributes:
        left: bytes of all of them that are not deleted.
    """

    def __init__(self, sizes: Iterable[tuple[Part, int]]) -> None:
        invites: dict[str, list[tuple[int, str]]] = {}
        for (room, invite), size in sizes:
            invites.setdefault(room, []).append((-size, invite))
        # Heaps with negative sizes: the largest part is the first element.
        self._rooms: list[tuple[int, str, list[tuple[int, str]]]] = []
        for room, parts in invites.items():
            heapify(parts)
            self._rooms.append((sum(size for size, _ in parts), room, parts))
        heapify(self._rooms)
        self.left = -sum(size for size, _, _ in self._rooms)

    def next(self) -> Part | None:
        """Return the room that holds most, and in it the invite that does; None for no bytes."""
        if not self._rooms or not self._rooms[0][0]:
            return None
        _, room, parts = self._rooms[0]
        return room, parts[0][1]

    def delete(self, size: int) -> None:
        """Count a deleted job of the room and invite that `next` returned.

        Args:
            size: its bytes.
        """
        held, room, parts = self._rooms[0]
        part, invite = parts[0]
        heapreplace(parts, (part + size, invite))
        heapreplace(self._rooms, (held + size, room, parts))
        self.left -= size
