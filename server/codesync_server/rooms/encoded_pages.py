"""Encodes the pages of a long list, and reuses those whose items have not changed."""

from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import Generic, TypeVar

import msgspec

from codesync_protocol.messages import ServerMessage
from codesync_protocol.messages.lists import ListBound
from codesync_protocol.paging import pages
from codesync_server.rooms.frames import frames_of

ITEMS = 100
"""Items that are compared, and encoded, together."""

_T = TypeVar("_T", bound=msgspec.Struct)


class EncodedPages(Generic[_T]):
    """The frames of a list that is encoded again and again.

    Args:
        bound: the bound of one page.
        make: returns the message with a page.
    """

    def __init__(self, bound: ListBound, make: Callable[[tuple[_T, ...]], ServerMessage]) -> None:
        self._bound = bound
        self._make = make
        self._encoded: list[tuple[tuple[_T, ...], list[bytes]]] = []

    def frames(self, items: Sequence[_T]) -> list[bytes]:
        """Return the frames with all items, in order."""
        groups = [tuple(items[at : at + ITEMS]) for at in range(0, len(items), ITEMS)]
        known = self._encoded[: len(groups)]
        self._encoded = [
            old if old is not None and old[0] == group else (group, self._encode(group))
            for group, old in zip_longest(groups, known)
        ]
        return [frame for _, frames in self._encoded for frame in frames]

    def _encode(self, group: tuple[_T, ...]) -> list[bytes]:
        return frames_of(map(self._make, pages(group, self._bound)))
