"""Computes syntax highlighting for the visible lines only.

The stock widget queries the whole syntax tree after each key: 64 ms at 2,000 lines of Python. Here
only the lines around the visible ones are parsed, and an edit at first only moves the known
highlights: parsing incomplete source takes as long as several frames.
"""

from collections import defaultdict
from typing import TYPE_CHECKING

from textual.document._document import EditResult, Location

from codesync_tui.editor.line_sizes import byte_count
from codesync_tui.editor.source_document import SourceDocument
from codesync_tui.editor.syntax import Syntax

if TYPE_CHECKING:
    from tree_sitter import Node, Tree

_BLOCK_ROWS = 64

_MARGIN_ROWS = 96
"""Lines above and below the requested ones that are parsed as context."""

LONG_COLUMNS = 2_000
"""Longer lines are not highlighted, and only their beginning is parsed."""

Highlight = tuple[int, int | None, str]
"""Start and end in a line (bytes of UTF-8; None: the end of the line), and the name."""


class HighlightedDocument(SourceDocument):
    """A source document that knows the syntax highlights of its lines.

    Args:
        text: the source text.
        syntax: its language.

    Attributes:
        highlights: the highlights of each line.
        is_stale: the text has changed since the highlights were computed.
    """

    def __init__(self, text: str, syntax: Syntax) -> None:
        from tree_sitter import Parser

        super().__init__(text)
        self.is_stale = False
        self.highlights = LazyHighlights(self)
        self._syntax = syntax
        self._parser = Parser(syntax.language)
        self._tree: Tree | None = None
        self._first = self._last = 0  # the rows of the tree

    def replace_range(self, start: Location, end: Location, text: str) -> EditResult:
        """Replace a range by other text; see Document."""
        top, bottom = sorted((start, end))
        left, right = self._bytes_before(top), self._bytes_before(bottom)
        result = super().replace_range(start, end, text)
        landed = result.end_location
        self.highlights.shift(
            (top[0], left), (bottom[0], right), (landed[0], self._bytes_before(landed))
        )
        self._tree, self.is_stale = None, True
        return result

    def _bytes_before(self, location: Location) -> int:
        row, column = location
        return byte_count(self._lines[row][:column]) if row < len(self._lines) else 0

    def discard_stale(self) -> None:
        """Discard the highlights if the text has changed since they were computed."""
        if self.is_stale:
            self._tree, self.is_stale = None, False
            self.highlights.clear()

    def captures(self, first: int, last: int) -> tuple[int, dict[str, list["Node"]]]:
        """Run the highlight query on the lines from `first` up to `last`.

        Returns:
            The row that the nodes call row 0, and the nodes by name.
        """
        from tree_sitter import QueryCursor

        last = min(last, len(self._lines))
        if self._tree is None or not self._first <= first <= last <= self._last:
            self._first = self._find_start_row(max(0, first - _MARGIN_ROWS))
            self._last = min(last + _MARGIN_ROWS, len(self._lines))
            lines = [line[:LONG_COLUMNS] for line in self._lines[self._first : self._last]]
            self._tree = self._parser.parse("\n".join(lines).encode("utf-8", "replace"))
        cursor = QueryCursor(self._syntax.query)
        cursor.set_point_range((first - self._first, 0), (last - self._first, 0))
        return self._first, cursor.captures(self._tree.root_node)

    def _find_start_row(self, row: int) -> int:
        """Find a row, not far above, where a top-level construct seems to begin."""
        for each in range(row, max(0, row - _MARGIN_ROWS), -1):
            if self._lines[each][:1].isalpha() or self._lines[each][:1] in ("@", "#"):
                return each
        return row


class LazyHighlights(defaultdict[int, list[Highlight]]):
    """The highlights of each line, computed for a block of lines when one is requested.

    Args:
        document: the document that the lines belong to.
    """

    def __init__(self, document: HighlightedDocument) -> None:
        super().__init__()
        self._document = document

    def __bool__(self) -> bool:
        """Return True: the widget skips highlighting if the mapping is falsy."""
        return True

    def __missing__(self, row: int) -> list[Highlight]:
        first = row - row % _BLOCK_ROWS
        last = first + _BLOCK_ROWS
        found: dict[int, list[Highlight]] = {each: [] for each in range(first, last)}
        above, captures = self._document.captures(first, last)
        # Queries name every identifier "variable", and some of them also otherwise; the later wins.
        for name in sorted(captures, key=lambda name: name != "variable"):
            for node in captures[name]:
                _add(found, name, node, above)
        self.update({each: found[each] for each in found.keys() - self.keys()})
        return self[row]

    def shift(self, start: Location, end: Location, landed: Location) -> None:
        """Move the known highlights after a range was replaced.

        Args:
            start: the start of the range: the row, and the bytes before it in the row.
            end: the end of the range.
            landed: the end of the replacement.
        """
        (top, left), (bottom, right), (row, column) = start, end, landed
        first, last = self.get(top), self.get(bottom)
        if row != bottom:
            moved = {each + row - bottom: self[each] for each in self if each > bottom}
            for each in [each for each in self if each >= top]:
                del self[each]
            self.update(moved)
        for each in range(top, max(row, bottom if row == bottom else top) + 1):
            self[each] = []
        if first is None or last is None:
            return
        if top == bottom == row:
            grown = column - right
            self[top] = [
                (
                    _moved(begin, left, right, grown),
                    None if stop is None else _moved(stop, left, right, grown),
                    name,
                )
                for begin, stop, name in first
            ]
            return
        remaining: list[Highlight] = [
            (begin, left if stop is None or stop > left else stop, name)
            for begin, stop, name in first
            if begin < left
        ]
        behind: list[Highlight] = [
            (
                max(begin - right, 0) + column,
                None if stop is None else stop - right + column,
                name,
            )
            for begin, stop, name in last
            if stop is None or stop > right
        ]
        self[top] = remaining
        self[row] = [*self[row], *behind]


def _moved(place: int, left: int, right: int, grown: int) -> int:
    if place < left:
        return place
    return place + grown if place >= right else left


def _add(found: dict[int, list[Highlight]], name: str, node: "Node", above: int) -> None:
    (top, left), (bottom, right) = node.start_point, node.end_point
    top, bottom = top + above, bottom + above
    for row in range(max(top, min(found)), min(bottom, max(found)) + 1):
        begin = left if row == top else 0
        end = right if row == bottom else None
        if end != 0:  # a node that ends before the first character of a row
            found[row].append((begin, end, name))
