"""Source text that is shown without being changed.

Lines end at line feeds only, as compilers count them, and no other character is rewritten: what was
loaded is what is run and saved. What could act on the terminal is kept apart from what is shown for
it; both have the same length, so that a column means the same in both.
"""

from textual.document._document import Document, EditResult, Location
from textual.document._wrapped_document import WrappedDocument

from codesync_protocol.printable import show_line


def normal_newlines(text: str) -> str:
    """Make every line end a line feed (CRLF and CR are the other two)."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


class SourceDocument(Document):
    """Source text; `lines` are what is shown, `text` is what it is."""

    def __init__(self, text: str) -> None:
        super().__init__("")
        self._raw = normal_newlines(text).split("\n")
        self._lines = [show_line(line) for line in self._raw]
        self._joined: str | None = None

    @property
    def text(self) -> str:
        """The source text, line ends as line feeds."""
        # The widget asks for it once for each line that it paints.
        if self._joined is None:
            self._joined = "\n".join(self._raw)
        return self._joined

    def replace_range(self, start: Location, end: Location, text: str) -> EditResult:
        """Replace a range by other text; see Document."""
        (top, left), (bottom, right) = sorted((start, end))
        replaced = self.get_text_range((top, left), (bottom, right))
        raw = self._raw
        before = raw[top][:left] if top < len(raw) else ""
        after = raw[bottom][right:] if bottom < len(raw) else ""
        fresh = normal_newlines(text).split("\n")
        column = len(fresh[-1]) + (len(before) if len(fresh) == 1 else 0)
        fresh[0] = before + fresh[0]
        fresh[-1] += after
        raw[top : bottom + 1] = fresh
        self._lines[top : bottom + 1] = [show_line(line) for line in fresh]
        self._joined = None
        return EditResult((top + len(fresh) - 1, column), replaced)

    def get_text_range(self, start: Location, end: Location) -> str:
        """The source text between two locations; see Document."""
        (top, left), (bottom, right) = sorted((start, end))
        if top == bottom:
            return self._raw[top][left:right] if top < len(self._raw) else ""
        lines = [self._raw[top][left:], *self._raw[top + 1 : bottom]]
        if bottom < len(self._raw):  # the widget may mean "to the end" by the row behind the last
            lines.append(self._raw[bottom][:right])
        return "\n".join(lines)


class QuickWrappedDocument(WrappedDocument):
    """A wrapped document that knows its height; the stock one adds up all lines to tell it."""

    @property
    def height(self) -> int:
        """Rows of the wrapped document."""
        return len(self._offset_to_line_info)
