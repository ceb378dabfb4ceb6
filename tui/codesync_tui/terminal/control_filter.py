"""A line filter that replaces control characters in everything that is painted.

Rich and Textual write ESC, OSC and C1 out of any text as they come, in every widget. What we show
is made harmless where it enters, so that columns stay right; this filter is for what was forgotten.
"""

from collections.abc import Sequence

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from codesync_protocol.printable import CONTROLS


class ControlFilter(LineFilter):
    """Replaces every painted control character by its picture."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Replace the control characters of one line; see LineFilter.

        A control takes no column and its picture takes one, so the line is cut to what it was.
        """
        if all(segment.text.isprintable() for segment in segments):
            return segments
        width = sum(cell_len(segment.text) for segment in segments)
        return _cut(
            [Segment(segment.text.translate(CONTROLS), segment.style) for segment in segments],
            width,
        )


def _cut(segments: Sequence[Segment], width: int) -> list[Segment]:
    kept: list[Segment] = []
    for segment in segments:
        cells = cell_len(segment.text)
        if cells > width:
            kept.append(segment.split_cells(width)[0])
            break
        kept.append(segment)
        width -= cells
    return kept
