"""How many bytes each line of a text has, and so where in the text each begins. Pure."""

from array import array
from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate


def byte_count(text: str) -> int:
    """Count the bytes of a text in UTF-8."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


class LineSizes:
    """The bytes of each line, its line feed among them.

    Args:
        lines: the lines, without their line feeds.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self._sizes = array("l", _sizes(lines))
        self._ends: list[int] | None = None

    def replace(self, first: int, last: int, lines: Iterable[str]) -> None:
        """Put other lines in the place of those from `first` up to `last`."""
        self._sizes[first:last] = array("l", _sizes(lines))
        self._ends = None

    def start(self, row: int) -> int:
        """Where a line begins; the row behind the last one is where the text ends, and one more."""
        return self._all_ends()[row - 1] if row else 0

    def row(self, offset: int) -> int:
        """In which line an offset lies."""
        return min(bisect_right(self._all_ends(), offset), len(self._sizes) - 1)

    def _all_ends(self) -> list[int]:
        if self._ends is None:
            self._ends = list(accumulate(self._sizes))
        return self._ends


def _sizes(lines: Iterable[str]) -> list[int]:
    return [byte_count(line) + 1 for line in lines]
