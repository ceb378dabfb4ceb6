"""Records the live characters of the shared texts, and their bytes. Pure.

The CRDT library tells only how long the texts are now. To know before an edit is applied how long
they will be, the server keeps, for each client, the ranges of its clocks that are deleted, and the
texts that are not ASCII (in ASCII every unit is one byte).
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable

from codesync_protocol.yjs_update import Deletion, Insertion, Update

_UNIT = 2
"""Bytes of one UTF-16 code unit."""


class LiveText:
    """The live characters of all clients.

    Attributes:
        size: bytes of UTF-8 that are alive.
        units: UTF-16 code units that are alive.
    """

    def __init__(self) -> None:
        self.size = 0
        self.units = 0
        self._clients: defaultdict[int, _Written] = defaultdict(_Written)

    def end(self, client: int) -> int:
        """The clock behind what a client has written."""
        return self._clients[client].end if client in self._clients else 0

    def growth(self, update: Update) -> int:
        """Tell by how many bytes an update would make the texts longer; it is not taken."""
        fresh = self._fresh(update)
        gone = sum(
            self._clients[each.client].alive(each.clock, each.end)[1]
            for each in _merged(update.deletions)
            if each.client in self._clients
        )
        gone += sum(
            fresh.alive(each.clock, each.end)[1]
            for each in _merged(update.deletions)
            if each.client == update.client
        )
        return fresh.alive(0, fresh.end)[1] - gone

    def splits_character(self, update: Update) -> bool:
        """Tell whether an update cuts a character of two code units in two."""
        fresh = self._fresh(update)

        def splits(client: int, clock: int) -> bool:
            if client in self._clients and self._clients[client].splits(clock):
                return True
            return client == update.client and fresh.splits(clock)

        return (
            self._resumes_within_character(update)
            or any(
                (left is not None and splits(left[0], left[1] + 1))
                or (right is not None and splits(*right))
                for left, right in update.places
            )
            or any(
                splits(each.client, each.clock) or splits(each.client, each.end)
                for each in update.deletions
            )
        )

    def _resumes_within_character(self, update: Update) -> bool:
        """Tell whether the known part of an update ends between two code units of a character.

        The library would cut that character. Only a forged update contradicts what is known so.
        """
        known = self.end(update.client) if update.client is not None else 0
        for each in update.insertions:
            if each.clock < known < each.end and each.text is not None and not each.text.isascii():
                place = (known - each.clock) * _UNIT
                return each.text.decode().encode("utf-16-le")[place + 1] & 0xFC == 0xDC
        return False

    def take(self, update: Update) -> None:
        """Take an update in: its insertions, then its deletions."""
        if update.client is not None:
            written = self._clients[update.client]
            for insertion in update.insertions:
                units, size = written.write(insertion)
                self.units += units
                self.size += size
        self.delete(update.deletions)

    def delete(self, deletions: Iterable[Deletion]) -> None:
        """Note that ranges are deleted; parts that nobody wrote are ignored."""
        for each in deletions:
            if each.client in self._clients:
                units, size = self._clients[each.client].delete(each.clock, each.end)
                self.units -= units
                self.size -= size

    def _fresh(self, update: Update) -> "_Written":
        """What an update inserts that is not known yet."""
        fresh = _Written(self.end(update.client) if update.client is not None else 0)
        for insertion in update.insertions:
            fresh.write(insertion)
        return fresh


class _Written:
    """What one client has written.

    Args:
        end: the first clock that counts; what is before it is not in here.
    """

    def __init__(self, end: int = 0) -> None:
        self.end = end
        self._begin = end
        self._dead_from: list[int] = []  # sorted, disjoint and not adjacent
        self._dead_to: list[int] = []
        self._wide_from: list[int] = []  # texts with other characters than ASCII
        self._wide: list[bytearray] = []  # UTF-16

    def write(self, insertion: Insertion) -> tuple[int, int]:
        """Add what is new of an insertion; return the live units and bytes that it adds."""
        known = self.end - insertion.clock
        if known >= insertion.length:
            return 0, 0
        start, self.end = self.end, insertion.end
        if insertion.text is None:
            self._mark_deleted(start, self.end)
            return 0, 0
        units = self.end - start
        if insertion.text.isascii():
            return units, units
        wide = insertion.text.decode().encode("utf-16-le")[known * _UNIT :]
        if self._wide and self._wide_from[-1] + len(self._wide[-1]) // _UNIT == start:
            self._wide[-1] += wide
        else:
            self._wide_from.append(start)
            self._wide.append(bytearray(wide))
        return units, _utf8_length(wide)

    def delete(self, start: int, end: int) -> tuple[int, int]:
        """Mark a range as deleted; return the units and bytes that were alive in it."""
        gone = self.alive(start, end)
        start, end = max(start, self._begin), min(end, self.end)
        if start < end and gone[0]:
            self._mark_deleted(start, end)
        return gone

    def _mark_deleted(self, start: int, end: int) -> None:
        first = bisect_left(self._dead_to, start)
        last = bisect_right(self._dead_from, end)
        if first < last:
            start = min(start, self._dead_from[first])
            end = max(end, self._dead_to[last - 1])
        self._dead_from[first:last] = [start]
        self._dead_to[first:last] = [end]
        # Nobody asks for the bytes of what is dead.
        low = bisect_left(self._wide_from, start)
        high = low
        while high < len(self._wide) and self._wide_end(high) <= end:
            high += 1
        del self._wide_from[low:high]
        del self._wide[low:high]

    def alive(self, start: int, end: int) -> tuple[int, int]:
        """Count the live units and bytes of a range."""
        start, end = max(start, self._begin), min(end, self.end)
        units = size = 0
        at = bisect_right(self._dead_to, start)
        while start < end:
            is_last = at >= len(self._dead_from) or self._dead_from[at] >= end
            stop = end if is_last else max(start, self._dead_from[at])
            units += stop - start
            size += stop - start + self._extra(start, stop)
            if is_last:
                break
            start = self._dead_to[at]
            at += 1
        return units, size

    def splits(self, clock: int) -> bool:
        """Tell whether a clock lies between the two code units of one character."""
        at = bisect_right(self._wide_from, clock) - 1
        if at < 0:
            return False
        place = (clock - self._wide_from[at]) * _UNIT
        return 0 < place < len(self._wide[at]) and self._wide[at][place + 1] & 0xFC == 0xDC

    def _extra(self, start: int, end: int) -> int:
        """By how many bytes a range is longer than its units."""
        extra = 0
        at = max(0, bisect_right(self._wide_from, start) - 1)
        while at < len(self._wide) and self._wide_from[at] < end:
            begin = self._wide_from[at]
            low = max(start, begin) - begin
            high = min(end, self._wide_end(at)) - begin
            if low < high:
                wide = self._wide[at][low * _UNIT : high * _UNIT]
                extra += _utf8_length(wide) - (high - low)
            at += 1
        return extra

    def _wide_end(self, at: int) -> int:
        return self._wide_from[at] + len(self._wide[at]) // _UNIT


def _utf8_length(wide: bytes | bytearray) -> int:
    return len(wide.decode("utf-16-le", "surrogatepass").encode("utf-8", "surrogatepass"))


def _merged(deletions: Iterable[Deletion]) -> list[Deletion]:
    """The same ranges, none of which overlaps another."""
    merged: list[Deletion] = []
    for each in sorted(deletions, key=lambda one: (one.client, one.clock)):
        last = merged[-1] if merged else None
        if last and last.client == each.client and each.clock <= last.end:
            length = max(last.end, each.end) - last.clock
            merged[-1] = Deletion(last.client, last.clock, length)
        else:
            merged.append(each)
    return merged
