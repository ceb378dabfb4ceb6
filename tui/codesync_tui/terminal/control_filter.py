"""A line filter that replaces control characters in everything that is painted.

Rich and Textual write ESC, OSC and C1 in any text to the terminal. Foreign text is made printable
where it enters the app, so that columns are right; this filter is the last line of defence.
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

        The picture of a control character takes a column, so the line is cut to its old width.
        """
        if all(segment.text.isprintable() for segment in segments):
            return segments
        width = sum(cell_len(segment.text) for segment in segments)
        return _cut(
            [Segment(segment.text.translate(CONTROLS), segment.style) for segment in segments],
            width,
        )


def _cut(segments: Sequence[Segment], width: int) -> list[Segment]:
    fitting: list[Segment] = []
    for segment in segments:
        cells = cell_len(segment.text)
        if cells > width:
            fitting.append(segment.split_cells(width)[0])
            break
        fitting.append(segment)
        width -= cells
    return fitting
