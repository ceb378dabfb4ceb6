"""A document that shows source text without changing it.

Lines end at line feeds only, as compilers count them, and no other character is rewritten: the text
of the room is run and saved as it is. Characters that could act on the terminal are shown as
others of the same length, so that a column means the same in both.
"""

from array import array

from rich.cells import cell_len
from textual.document._document import Document, EditResult, Location
from textual.geometry import Size

from codesync_protocol.printable import show_line
from codesync_tui.editor.line_sizes import LineSizes, byte_count
from codesync_tui.editor.long_lines import SIGN, UNIFORM_COLUMNS, uniform_line

TABS_MAX = 1_000
"""In lines with more tabs each tab is shown as one cell: expanding one takes 14 us."""


def normalize_newlines(text: str) -> str:
    """Replace CRLF and CR by line feeds; for text that enters the document."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


class SourceDocument(Document):
    """Source text: `text` is the text itself, `lines` are what is shown for it.

    Args:
        text: the text. Carriage returns in it stay, and are shown as signs.
    """

    def __init__(self, text: str) -> None:
        super().__init__("")
        self._raw = text.split("\n")
        self._lines = [_shown(line) for line in self._raw]
        self._sizes = LineSizes(self._raw)
        self._joined: str | None = None
        self._tab_width = 0
        self._widths = array("l")

    @property
    def text(self) -> str:
        """The source text."""
        # The widget reads it once for each line that it paints.
        if self._joined is None:
            self._joined = "\n".join(self._raw)
        return self._joined

    def offset_of(self, location: Location) -> int:
        """Return the offset of a location in bytes of UTF-8."""
        row, column = location
        if row >= len(self._raw):
            row, column = len(self._raw) - 1, len(self._raw[-1])
        return self._sizes.start(row) + byte_count(self._raw[row][:column])

    def location_of(self, offset: int) -> Location:
        """Return the location of a byte offset; inside a character, the location before it."""
        row = self._sizes.row(offset)
        line, inside = self._raw[row], max(0, offset - self._sizes.start(row))
        if line.isascii():
            return row, min(inside, len(line))
        return row, len(line.encode("utf-8", "replace")[:inside].decode("utf-8", "ignore"))

    def replace_range(self, start: Location, end: Location, text: str) -> EditResult:
        """Replace a range by other text; see Document."""
        (top, left), (bottom, right) = sorted((start, end))
        replaced = self.get_text_range((top, left), (bottom, right))
        raw = self._raw
        before = raw[top][:left] if top < len(raw) else ""
        after = raw[bottom][right:] if bottom < len(raw) else ""
        fresh = text.split("\n")
        column = len(fresh[-1]) + (len(before) if len(fresh) == 1 else 0)
        fresh[0] = before + fresh[0]
        fresh[-1] += after
        if top == bottom < len(raw) and len(fresh) == 1:
            shown = [_shown_edit(self._lines[top], left, right, text, fresh[0])]
        else:
            shown = [_shown(line) for line in fresh]
        raw[top : bottom + 1] = fresh
        self._lines[top : bottom + 1] = shown
        self._sizes.replace(top, bottom + 1, fresh)
        if self._tab_width:
            self._widths[top : bottom + 1] = array("l", map(self._width, shown))
        self._joined = None
        return EditResult((top + len(fresh) - 1, column), replaced)

    def get_text_range(self, start: Location, end: Location) -> str:
        """Return the source text between two locations; see Document."""
        (top, left), (bottom, right) = sorted((start, end))
        if top == bottom:
            return self._raw[top][left:right] if top < len(self._raw) else ""
        lines = [self._raw[top][left:], *self._raw[top + 1 : bottom]]
        if bottom < len(self._raw):  # the widget may use the row behind the last for "to the end"
            lines.append(self._raw[bottom][:right])
        return "\n".join(lines)

    def get_size(self, tab_width: int) -> Size:
        """Return the size of the text in cells and lines; see Document."""
        # The stock document measures every line again after each key.
        if tab_width != self._tab_width:
            self._tab_width = tab_width
            self._widths = array("l", map(self._width, self._lines))
        return Size(max(self._widths), len(self._lines))

    def _width(self, line: str) -> int:
        if len(line) > UNIFORM_COLUMNS:
            return len(line)
        return cell_len(line.expandtabs(self._tab_width) if "\t" in line else line)


def _shown(line: str) -> str:
    """Return what is shown for a line; it has the same length."""
    shown = show_line(line)
    if len(shown) > UNIFORM_COLUMNS:
        return uniform_line(shown)
    return shown if shown.count("\t") <= TABS_MAX else shown.replace("\t", SIGN)


def _shown_edit(shown: str, left: int, right: int, text: str, line: str) -> str:
    """Return what is shown for a line after an edit.

    Args:
        shown: what was shown before.
        left: the start of the replaced range.
        right: its end.
        text: its replacement.
        line: the whole line after the edit.
    """
    if min(len(shown), len(line)) <= UNIFORM_COLUMNS:
        return _shown(line)
    # For a million characters that are not ASCII, the whole line would take 40 ms.
    return shown[:left] + uniform_line(show_line(text)) + shown[right:]
