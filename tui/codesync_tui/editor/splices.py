"""Computes and applies splices of texts. Pure."""

from collections.abc import Iterable

from textual.document._document import Location

from codesync_client.document.change import Splice


def shift_location(
    location: Location, start: Location, end: Location, landed: Location, *, pushes: bool = False
) -> Location:
    """Return where a location is after a range was replaced.

    Args:
        location: the location before the replacement.
        start: the start of the range.
        end: the end of the range.
        landed: the end of the replacement.
        pushes: text inserted exactly at the location is before it, not behind it.
    """
    if location < start or (location == start and not (pushes and start == end)):
        return location
    if location < end:
        return start
    row, column = location
    if row == end[0]:
        column += landed[1] - end[1]
    return row + landed[0] - end[0], column


def minimal_splice(before: str, after: str) -> Splice:
    """Return the smallest replacement that turns one text into another."""
    start = _common_prefix_length(before, after)
    end = _common_prefix_length(before[start:][::-1], after[start:][::-1])
    gone, come = before[start : len(before) - end], after[start : len(after) - end]
    return Splice(len(before[:start].encode()), len(gone.encode()), come)


def apply_splices(text: str, splices: Iterable[Splice]) -> str:
    """Return a text after splices."""
    data, copied, grown = text.encode(), 0, 0
    pieces: list[bytes] = []
    for splice in splices:
        start, inserted = splice.at - grown, splice.inserted.encode("utf-8", "replace")
        pieces += data[copied:start], inserted
        copied = start + splice.deleted
        grown += len(inserted) - splice.deleted
    return b"".join([*pieces, data[copied:]]).decode()


def _common_prefix_length(one: str, other: str) -> int:
    """Return how many characters two texts have in common at their beginning."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
