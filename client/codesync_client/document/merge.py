"""Three-way merging of texts by lines: for edits that can no longer be merged one by one. Pure."""

from codesync_client.document.change import Splice
from codesync_client.document.line_changes import changes

_Block = tuple[int, int, list[str]]
"""Replacement lines for the lines of the base from the first number up to the second."""


def merge(base: str, mine: str, theirs: str) -> str | None:
    """Apply the changes of one text to another.

    Args:
        base: the common base.
        mine: one text.
        theirs: the other text.

    Returns:
        A text with both changes; None when both changed the same lines differently.
    """
    if mine in (base, theirs):
        return theirs
    if theirs == base:
        return mine
    lines = base.splitlines(keepends=True)
    blocks = _joined(_blocks(lines, mine), _blocks(lines, theirs))
    if blocks is None:
        return None
    merged: list[str] = []
    at = 0
    for first, last, instead in blocks:
        merged += lines[at:first]
        merged += instead
        at = last
    return "".join([*merged, *lines[at:]])


def _blocks(base: list[str], text: str) -> list[_Block]:
    lines = text.splitlines(keepends=True)
    return [(first, last, lines[begin:end]) for first, last, begin, end in changes(base, lines)]


def _joined(mine: list[_Block], theirs: list[_Block]) -> list[_Block] | None:
    """Return both changes in order; None if they touch."""
    joined: list[_Block] = []
    for block in sorted([*mine, *theirs]):
        if joined and block == joined[-1]:
            continue
        if joined and block[0] <= joined[-1][1]:
            return None
        joined.append(block)
    return joined


def splices(before: str, after: str) -> list[Splice]:
    """Return few splices that change one text into another.

    Args:
        before: the old text.
        after: the new text.

    Returns:
        What to replace, in this order; positions are bytes of UTF-8.
    """
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    result: list[Splice] = []
    at = done = 0
    for first, last, begin, end in changes(old, new):
        at += len("".join(new[done:begin]).encode())
        added = "".join(new[begin:end])
        result += _within("".join(old[first:last]), added, at)
        at += len(added.encode())
        done = end
    return result


def _within(removed: str, added: str, at: int) -> list[Splice]:
    """Remove equal lines at both ends."""
    start = 0
    shortest = min(len(removed), len(added))
    while start < shortest and removed[start] == added[start]:
        start += 1
    end = 0
    while end < shortest - start and removed[-1 - end] == added[-1 - end]:
        end += 1
    gone = removed[start : len(removed) - end]
    come = added[start : len(added) - end]
    place = at + len(removed[:start].encode())
    return [Splice(place, len(gone.encode()), come)]
