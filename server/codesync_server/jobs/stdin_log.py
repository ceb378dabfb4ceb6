"""The lines that members typed into a job, with their positions in its output. Pure."""

from collections import deque
from collections.abc import Callable

from codesync_protocol.messages import StdinEcho

KEPT_BYTES = 64 * 1024
KEPT_MAX = 1000
"""Lines that are kept for who comes later; the oldest go first."""

LINE_BYTES = 250
"""What a line costs besides its bytes."""


class StdinLog:
    """The lines that were typed, as the room was told of them.

    Attributes:
        total: how many there ever were.
    """

    def __init__(self) -> None:
        self.total = 0
        self._lines: deque[StdinEcho] = deque()
        self._bytes = 0

    def add(self, make: Callable[[int], StdinEcho]) -> StdinEcho:
        """Take a line.

        Args:
            make: makes it with its number.
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
        """Bytes that the kept lines take, about."""
        return self._bytes + LINE_BYTES * len(self._lines)

    def drop(self) -> None:
        """Give up all lines; they are read from the store from now on."""
        self._lines.clear()
        self._bytes = 0

    def within(self, start: int, end: int | None) -> tuple[StdinEcho, ...]:
        """Give the lines of a piece of the output.

        Args:
            start: the offset at which it begins.
            end: the offset before which it ends; None for the end of everything.
        """
        return tuple(
            line
            for line in self._lines
            if start <= line.offset and (end is None or line.offset < end)
        )
