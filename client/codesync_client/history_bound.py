"""Bounds what the history of the shared texts may cost to load, before it is loaded. Pure.

A server renews a history long before it reaches these limits. One that sends more is not a sound
server: the CRDT library would compute for minutes, or take gigabytes.
"""

from codesync_protocol.errors import Code, FrameError

BLOCKS_MAX = 50_000
"""Structs and deleted ranges of one history. A server renews one of 24,000."""

_KIND, _HAS_ORIGIN, _HAS_RIGHT_ORIGIN = 0x1F, 0x80, 0x40
_COLLECTED, _DELETED, _STRING = 0, 1, 4
_NUMBER_BITS = 63


def check_history(state: bytes, blocks_max: int = BLOCKS_MAX) -> None:
    """Check how many blocks a history has; takes time for `blocks_max` of them at the most.

    Args:
        state: the texts with their history, as one Yjs update (format v1).
        blocks_max: the most structs and deleted ranges.

    Raises:
        FrameError: there are more, or the update is malformed.
    """
    scanner = _Scanner(state, blocks_max)
    for _ in range(scanner.number()):
        scanner.structs()
    for _ in range(scanner.number()):
        scanner.ranges()


class _Scanner:
    def __init__(self, data: bytes, left: int) -> None:
        self._data = data
        self._at = 0
        self._left = left

    def structs(self) -> None:
        """Skip the structs of one client."""
        count = self._count()
        self._numbers(2)  # client and clock
        for _ in range(count):
            info = self._byte()
            kind = info & _KIND
            if kind != _COLLECTED:
                self._place(info)
            if kind in (_COLLECTED, _DELETED):
                self.number()
            elif kind == _STRING:
                self._text()
            else:
                raise _malformed()

    def ranges(self) -> None:
        """Skip the deleted ranges of one client."""
        self.number()
        self._numbers(2 * self._count())

    def number(self) -> int:
        """Read a number (LEB128)."""
        value = shift = 0
        while shift <= _NUMBER_BITS:
            byte = self._byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7
        raise _malformed()

    def _count(self) -> int:
        """Read how many blocks of a client follow; the client itself counts as one."""
        count = self.number()
        self._left -= max(1, count)
        if self._left < 0:
            raise FrameError(Code.BAD_FRAME, "the history of the room's texts is too long to load")
        return count

    def _place(self, info: int) -> None:
        for has in (_HAS_ORIGIN, _HAS_RIGHT_ORIGIN):
            if info & has:
                self._numbers(2)
        if not info & (_HAS_ORIGIN | _HAS_RIGHT_ORIGIN):
            self.number()
            self._text()

    def _numbers(self, count: int) -> None:
        for _ in range(count):
            self.number()

    def _text(self) -> None:
        length = self.number()
        self._at += length

    def _byte(self) -> int:
        if self._at >= len(self._data):
            raise _malformed()
        self._at += 1
        return self._data[self._at - 1]


def _malformed() -> FrameError:
    return FrameError(Code.BAD_FRAME, "the room's texts make no sense")
