"""Finds and replaces text. Pure."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import NamedTuple

from textual.document._document import Location

from codesync_client.document.change import Splice
from codesync_tui.editor.line_sizes import byte_count

MATCHES_MAX = 10_000
"""The search stops after so many matches."""


class TextMatch(NamedTuple):
    """The range of a match.

    A tuple, because it is compared with thousands of others at each step.

    Attributes:
        start: the start of the match.
        end: the end of the match.
    """

    start: Location
    end: Location


def find_all(lines: Sequence[str], needle: str) -> list[TextMatch]:
    """Find a text in all lines.

    Args:
        lines: the lines.
        needle: the text to find, without a line feed; see `search_pattern` about capitals.
    """
    if not needle:
        return []
    pattern = search_pattern(needle)
    found = (
        TextMatch((row, match.start()), (row, match.end()))
        for row, line in enumerate(lines)
        for match in pattern.finditer(line)
    )
    return list(islice(found, MATCHES_MAX))


def next_match_index(matches: Sequence[TextMatch], here: Location, *, back: bool = False) -> int:
    """Return the index of the next or previous match; the search wraps around.

    Args:
        matches: at least one, in order.
        here: the next match begins here or later; the previous one begins before.
        back: search backwards.
    """
    index = bisect_left(matches, TextMatch(here, here))
    return (index - 1 if back else index) % len(matches)


def replacements(lines: Iterable[str], needle: str, replacement: str) -> list[Splice]:
    """Return the splices that replace every match.

    Args:
        lines: the lines.
        needle: the text to replace; see `find_all`.
        replacement: the literal replacement.
    """
    pattern, size = search_pattern(needle), byte_count(replacement)
    splices: list[Splice] = []
    at = 0
    for line in lines:
        end = 0
        for match in pattern.finditer(line):
            at += byte_count(line[end : match.start()])
            splices.append(Splice(at, byte_count(match[0]), replacement))
            at, end = at + size, match.end()
        at += byte_count(line[end:]) + 1
    return splices


def search_pattern(needle: str) -> re.Pattern[str]:
    """Compile a search; it ignores case unless the text contains a capital letter."""
    flags = re.IGNORECASE if needle == needle.lower() else re.NOFLAG
    return re.compile(re.escape(needle), flags)
