"""Finds the lines that differ between two texts. Pure.

The rarest lines that both have are matched first, in the longest run that keeps their order, and
then what lies between them in the same way. So lines that are everywhere, as empty ones are, cost
no time and mislead nobody: they are matched by what stands around them.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

LOOKS_MAX = 300_000
"""What a comparison may cost, in lines and in pairs of equal ones; the rest counts as changed as a
whole: to compare it would take seconds."""

Piece = tuple[int, int, int, int]
"""Lines of the one text from the first number up to the second are, in the other one, those from
the third up to the fourth."""


def changes(old: Sequence[str], new: Sequence[str]) -> list[Piece]:
    """Return the changed lines between two texts.

    Args:
        old: the lines of the old text.
        new: the lines of the new text.

    Returns:
        What is different, in order; between two pieces there is at least one line that is the same.
    """
    found: list[Piece] = []
    pieces: list[Piece] = [(0, len(old), 0, len(new))]
    looks = LOOKS_MAX
    while pieces:
        piece = first, last, begin, end = _trimmed(old, new, *pieces.pop())
        if first == last and begin == end:
            continue
        looks -= last - first + end - begin
        pairs = _rarest_pairs(old[first:last], new[begin:end], looks)
        looks -= len(pairs)
        if pairs:
            pieces += _between(piece, _longest_run(pairs))
        else:
            found.append(piece)
    return sorted(found)


def _trimmed(
    old: Sequence[str], new: Sequence[str], first: int, last: int, begin: int, end: int
) -> Piece:
    """Return a piece without equal lines at both ends."""
    while first < last and begin < end and old[first] == new[begin]:
        first, begin = first + 1, begin + 1
    while first < last and begin < end and old[last - 1] == new[end - 1]:
        last, end = last - 1, end - 1
    return first, last, begin, end


def _rarest_pairs(old: Sequence[str], new: Sequence[str], most: int) -> list[tuple[int, int]]:
    """Return the places of the rarest common lines; empty if there are too many."""
    places: dict[str, list[int]] = defaultdict(list)
    for index, line in enumerate(new):
        places[line].append(index)
    pairs = {
        line: count * len(places[line]) for line, count in Counter(old).items() if line in places
    }
    fewest = min(pairs.values(), default=0)
    rarest = {line for line, count in pairs.items() if count == fewest}
    if len(rarest) * fewest > most:
        return []
    # Of those with one line of the old, the last comes first: a run can hold one of them only.
    return [
        (index, place)
        for index, line in enumerate(old)
        if line in rarest
        for place in reversed(places[line])
    ]


def _longest_run(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the longest series of pairs in which both numbers increase."""
    lowest: list[int] = []  # for each length, the lowest place at which a run of it ends
    ends: list[int] = []  # and with which pair
    before: list[int] = []  # for each pair, the one before it in its run
    for index, (_, place) in enumerate(pairs):
        length = bisect_left(lowest, place)
        before.append(ends[length - 1] if length else -1)
        lowest[length : length + 1] = [place]
        ends[length : length + 1] = [index]
    run: list[tuple[int, int]] = []
    index = ends[-1]
    while index >= 0:
        run.append(pairs[index])
        index = before[index]
    return run[::-1]


def _between(piece: Piece, run: Sequence[tuple[int, int]]) -> Iterator[Piece]:
    """Return the pieces between the matched lines."""
    first, last, begin, end = piece
    at, place = first, begin
    for one, other in run:
        yield at, first + one, place, begin + other
        at, place = first + one + 1, begin + other + 1
    yield at, last, place, end
