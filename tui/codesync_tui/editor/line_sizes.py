"""Maps between byte offsets and lines of a text. Pure."""

from array import array
from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate, islice

_STEP = 64
"""How many lines are summed up at first."""


def byte_count(text: str) -> int:
    """Return the length of a text in bytes of UTF-8."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


class LineSizes:
    """The size of each line in bytes, including its line feed.

    The sums are computed on demand: replacements go from front to back, and summing up all lines
    after each of 5,000 replacements takes two seconds.

    Args:
        lines: the lines, without their line feeds.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self._sizes = array("l", _sizes(lines))
        self._ends: list[int] = []  # the end of each line, as far as computed

    def replace(self, first: int, last: int, lines: Iterable[str]) -> None:
        """Replace the lines from `first` up to `last` by others."""
        self._sizes[first:last] = array("l", _sizes(lines))
        del self._ends[first:]

    def start(self, row: int) -> int:
        """Return the offset of a line; for the row behind the last line, the size of all lines."""
        if row > len(self._ends):
            self._add_up(row)
        return self._ends[row - 1] if row else 0

    def row(self, offset: int) -> int:
        """Return the line that contains an offset."""
        step = _STEP
        while len(self._ends) < len(self._sizes) and not (self._ends and self._ends[-1] > offset):
            self._add_up(len(self._ends) + step)
            step *= 2
        return min(bisect_right(self._ends, offset), len(self._sizes) - 1)

    def _add_up(self, row: int) -> None:
        known = len(self._ends)
        before = self._ends[-1] if known else 0
        self._ends += islice(accumulate(self._sizes[known:row], initial=before), 1, None)


def _sizes(lines: Iterable[str]) -> list[int]:
    return [byte_count(line) + 1 for line in lines]
