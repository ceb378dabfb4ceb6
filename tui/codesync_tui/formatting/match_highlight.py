"""Highlights search matches in a row of text."""

import re

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip


def highlight_matches(strip: Strip, text: str, pattern: re.Pattern[str], style: Style) -> Strip:
    """Highlight the matches of a search in a row.

    Args:
        strip: the row as it is painted.
        text: the text of the row.
        pattern: the search.
        style: the style of matches; it overrides the styles of the row.
    """
    for match in pattern.finditer(text):
        start, end = cell_len(text[: match.start()]), cell_len(text[: match.end()])
        before, found, after = strip.divide([start, end, max(end, strip.cell_length)])
        strip = Strip.join([before, Strip(Segment.apply_style(found, post_style=style)), after])
    return strip
