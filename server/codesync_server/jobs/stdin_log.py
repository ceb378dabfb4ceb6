"""The lines that members typed into a job, with their positions in its output. Pure."""

from collections import deque
from collections.abc import Callable

from codesync_protocol.messages import StdinEcho

KEPT_BYTES = 64 * 1024
KEPT_MAX = 1000
"""Maximum number of lines for members who enter later; the oldest are dropped first."""

LINE_BYTES = 250
"""Memory of a line besides its bytes."""


class StdinLog:
    """The typed lines of a job, as the room received them.

    Attributes:
        total: number of lines that were ever added.
    """

    def __init__(self) -> None:
        self.total = 0
        self._lines: deque[StdinEcho] = deque()
        self._bytes = 0

    def add(self, make: Callable[[int], StdinEcho]) -> StdinEcho:
        """Append a line.

        Args:
            make: creates the line with the given number.
        """
        line = make(self.total)
        self.total += 1
        self._lines.append(line)
        self._bytes += len(line.data)
        while len(self._lines) > KEPT_MAX or self._bytes > KEPT_BYTES:
            self._bytes -= len(self._lines.popleft().data)
        return line

    @property
    def held_bytes(self) -> int:
        """Approximate memory of the lines in bytes."""
        return self._bytes + LINE_BYTES * len(self._lines)

    def drop(self) -> None:
        """Drop all lines; from now on they are read from the store."""
        self._lines.clear()
        self._bytes = 0

    def within(self, start: int, end: int | None) -> tuple[StdinEcho, ...]:
        """Return the lines within a part of the output.

        Args:
            start: first offset of the part.
            end: offset after the part; None: the end of the output.
        """
        return tuple(
            line
            for line in self._lines
            if start <= line.offset and (end is None or line.offset < end)
        )
