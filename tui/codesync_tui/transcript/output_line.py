"""One line of output, and a builder that assembles it from pieces."""

from functools import lru_cache
from typing import Final, NamedTuple

from rich.cells import cell_len, get_character_cell_size, split_graphemes

from codesync_protocol.printable import CONTROLS
from codesync_tui.transcript.output_style import PLAIN, OutputStyle

LINE_MAX: Final = 4096
"""The largest length of a line; longer lines are cut and end in an ellipsis."""

TAB_COLUMNS: Final = 8

_SHOWN: Final = {code: shown for code, shown in CONTROLS.items() if code != 0x09}


class OutputLine(NamedTuple):
    """One line of output.

    Attributes:
        text: printable characters only.
        styles: the index in the text where each style begins; empty if all is PLAIN.
    """

    text: str
    styles: tuple[tuple[int, OutputStyle], ...] = ()

    @property
    def cost(self) -> int:
        """The memory that the line takes, in characters; each change of style counts as 16."""
        return len(self.text) + 16 * len(self.styles)

    def breaks(self, width: int) -> list[int]:
        """Return where the line is wrapped in `width` columns.

        Args:
            width: columns; 0 turns wrapping off.

        Returns:
            The index at which each row begins; the first is 0.
        """
        if width <= 0 or len(self.text) * 2 <= width:
            return [0]
        if self.text.isascii():
            return list(range(0, len(self.text), width)) or [0]
        return _breaks(self.text, width)

    def rows(self, width: int) -> int:
        """Return how many rows the line takes in `width` columns (0: lines are not wrapped)."""
        if width > 0 and self.text.isascii():
            return max(1, -(-len(self.text) // width))
        return len(self.breaks(width))

    @property
    def columns(self) -> int:
        """The number of columns that the line takes in one row."""
        return len(self.text) if self.text.isascii() else cell_len(self.text)


@lru_cache(maxsize=256)
def _breaks(text: str, width: int) -> list[int]:
    """Wrap text with characters of several widths."""
    starts, column = [0], 0
    for start, _, cells in split_graphemes(text)[0]:
        if column + cells > width and column > 0:
            starts.append(start)
            column = 0
        column += cells
    return starts


class LineBuilder:
    """Assembles a line from pieces.

    After a carriage return the next character starts the line anew, as progress bars expect; a line
    feed directly after it keeps the line.
    """

    def __init__(self) -> None:
        self._clear()

    def _clear(self) -> None:
        self._texts: list[str] = []
        self._styles: list[tuple[int, OutputStyle]] = []
        self._length = 0
        self._columns = 0
        self._returned = False
        self._overfull = False

    @property
    def is_empty(self) -> bool:
        """Whether the line is empty."""
        return not self._length

    def carriage_return(self) -> None:
        """Return to the beginning of the line."""
        self._returned = True

    def add(self, text: str, style: OutputStyle) -> None:
        """Add characters.

        Args:
            text: text without line feeds. Tabs extend to the next multiple of TAB_COLUMNS; other
                control characters become pictures.
            style: its style.
        """
        if not text:
            return
        if self._returned:
            self._clear()
        if "\t" not in text:
            self._add(text, style)
            return
        for index, stretch in enumerate(text.split("\t")):
            if index:
                self._add(" " * (TAB_COLUMNS - self._columns % TAB_COLUMNS), style)
            self._add(stretch, style)

    def _add(self, text: str, style: OutputStyle) -> None:
        room = LINE_MAX - self._length
        if len(text) > room:
            self._overfull = True
            text = text[:room]
        if not text:
            return
        if not text.isprintable():
            text = text.translate(_SHOWN)
        if not self._styles or self._styles[-1][1] != style:
            self._styles.append((self._length, style))
        self._texts.append(text)
        self._length += len(text)
        self._columns += len(text) if text.isascii() else sum(map(get_character_cell_size, text))

    def end(self) -> OutputLine:
        """Return the line and begin the next one."""
        line = self.line()
        self._clear()
        return line

    def line(self) -> OutputLine:
        """Return the line so far."""
        text = "".join(self._texts)
        if self._overfull:
            text += "…"
        is_plain = len(self._styles) == 1 and self._styles[0][1] == PLAIN
        return OutputLine(text, () if is_plain else tuple(self._styles))


def whole_line(text: str, style: OutputStyle) -> OutputLine:
    """Build a line from one piece; the same as LineBuilder does, but faster."""
    if len(text) <= LINE_MAX and text.isprintable():
        return OutputLine(text, ((0, style),) if text and style != PLAIN else ())
    builder = LineBuilder()
    builder.add(text, style)
    return builder.end()
