"""Shows long lines: each character takes one cell, and only the visible part is rendered.

The stock widget renders whole lines and cuts them afterwards: 30 ms for a million characters, after
each key of each member.
"""

import re
from dataclasses import dataclass

from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.strip import Strip

UNIFORM_COLUMNS = 10_000
"""In longer lines each character takes one cell, so that no widths have to be added up."""

SIGN = "\u25b8"
"""Replaces tabs and characters of other widths; Rich knows its width without a lookup."""

_NOT_NARROW = re.compile("[^ -~\xa0-\xac\xae-\u02ff\u0370-\u0482\u2500-\u25fc\u2800-\u28ff]+")
"""All characters but those that Rich treats as one cell wide without a lookup."""


def uniform_line(line: str) -> str:
    """Return a line of the same length in which each character takes one cell."""
    if line.isascii() and "\t" not in line:
        return line
    return _NOT_NARROW.sub(lambda found: SIGN * len(found[0]), line)


@dataclass(frozen=True, slots=True)
class StyledSpan:
    """A span of a line with its own style.

    Attributes:
        start: the first column.
        end: the column behind the last one.
        style: the style; None for none.
    """

    start: int
    end: int
    style: Style | None


def render_long_line(
    line: str, first: int, width: int, spans: list[StyledSpan], console: Console
) -> Strip:
    """Render the part of a line that begins at a column.

    Args:
        line: the line; each of its characters takes one cell.
        first: the first visible column.
        width: the number of cells; cells behind the line are blank.
        spans: the styles, in this order.
        console: the app's console.
    """
    visible = line[first : first + width]
    behind = " " if len(visible) < width else ""  # for a caret behind the line
    text = Text(visible + behind, end="", no_wrap=True)
    for span in spans:
        start, end = max(0, span.start - first), max(0, span.end - first)
        if span.style is not None and start < end:
            text.stylize(span.style, start, end)
    segments: list[Segment] = list(text.render(console))
    return Strip(segments, len(visible) + len(behind))
