"""Splits own Yjs updates into edits that are small enough for the server. Pure.

Each part can be applied when those before it were: deletions of what was there before come first,
so that the text is never longer than before and after; then the insertions in the order of their
clocks; then deletions of what the update itself inserts.
"""

from collections.abc import Iterator
from itertools import groupby

from codesync_protocol.limits import EDIT_MAX, EDIT_RANGES_MAX, EDIT_STRUCTS_MAX

_KIND, _HAS_ORIGIN, _HAS_RIGHT_ORIGIN = 0x1F, 0x80, 0x40
_DELETED, _STRING = 1, 4
_HEADER_MAX = 64

_Range = tuple[int, int, int]
"""Client, first clock and length of a deleted range."""


def split_update(
    update: bytes, structs_max: int = EDIT_STRUCTS_MAX, ranges_max: int = EDIT_RANGES_MAX
) -> list[bytes]:
    """Split an update of one client.

    Args:
        update: the update, as the CRDT library made it for plain texts.
        structs_max: the most insertions of one part.
        ranges_max: the most deleted ranges of one part.

    Returns:
        The parts, in the order in which they are to be applied. An update within the limits is
        returned as it is.

    Raises:
        ValueError: the update is not one that an editor of plain texts makes.
    """
    reader = _StructReader(update)
    clients = reader.number()
    structs: list[tuple[int, bytes]] = []  # length and bytes
    client = clock = 0
    if clients:
        if clients > 1:
            raise ValueError("an update of ours has the edits of several clients")
        count, client, clock = reader.number(), reader.number(), reader.number()
        structs = [reader.struct() for _ in range(count)]
    ranges = list(reader.ranges())
    if len(structs) <= structs_max and len(ranges) <= ranges_max and len(update) <= EDIT_MAX:
        return [update]
    own = [each for each in ranges if clients and each[0] == client and each[1] + each[2] > clock]
    others = [each for each in ranges if each not in own] if own else ranges
    return [
        *(_encode([], client, 0, some) for some in _in_parts(others, ranges_max)),
        *_insertions(structs, client, clock, structs_max),
        *(_encode([], client, 0, some) for some in _in_parts(own, ranges_max)),
    ]


def _insertions(
    structs: list[tuple[int, bytes]], client: int, clock: int, structs_max: int
) -> Iterator[bytes]:
    part: list[bytes] = []
    begin, size = clock, 0
    for length, data in structs:
        if len(part) == structs_max or (part and size + len(data) + _HEADER_MAX > EDIT_MAX):
            yield _encode(part, client, begin, [])
            part, begin, size = [], clock, 0
        part.append(data)
        size += len(data)
        clock += length
    if part:
        yield _encode(part, client, begin, [])


def _in_parts(ranges: list[_Range], most: int) -> Iterator[list[_Range]]:
    for start in range(0, len(ranges), most):
        yield ranges[start : start + most]


def _encode(structs: list[bytes], client: int, clock: int, ranges: list[_Range]) -> bytes:
    out = bytearray()
    if structs:
        out += b"\x01" + _number(len(structs)) + _number(client) + _number(clock)
        out += b"".join(structs)
    else:
        out += b"\x00"
    groups = [(who, list(some)) for who, some in groupby(ranges, key=lambda each: each[0])]
    out += _number(len(groups))
    for who, some in groups:
        out += _number(who) + _number(len(some))
        for _, start, length in some:
            out += _number(start) + _number(length)
    return bytes(out)


def _number(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


class _StructReader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def number(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    def struct(self) -> tuple[int, bytes]:
        """Read a struct: its length in UTF-16 code units, and its bytes."""
        start = self._at
        info = self._byte()
        for has in (_HAS_ORIGIN, _HAS_RIGHT_ORIGIN):
            if info & has:
                self.number()
                self.number()
        if not info & (_HAS_ORIGIN | _HAS_RIGHT_ORIGIN):
            self.number()
            self._text()
        if info & _KIND == _STRING:
            length = len(self._text().decode().encode("utf-16-le")) // 2
        elif info & _KIND == _DELETED:
            length = self.number()
        else:
            raise ValueError("an update of ours holds something else than text")
        return length, self._data[start : self._at]

    def ranges(self) -> Iterator[_Range]:
        for _ in range(self.number()):
            client, count = self.number(), self.number()
            for _ in range(count):
                yield client, self.number(), self.number()

    def _byte(self) -> int:
        if self._at >= len(self._data):
            raise ValueError("an update of ours ends too early")
        self._at += 1
        return self._data[self._at - 1]

    def _text(self) -> bytes:
        length = self.number()
        self._at += length
        return self._data[self._at - length : self._at]
