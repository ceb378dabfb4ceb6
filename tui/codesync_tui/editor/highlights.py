"""Highlighting that is worked out for the lines that are painted, and not for the whole text.

The stock widget asks the whole syntax tree again after each key: 64 ms at 2,000 lines of Python.
"""

from collections import defaultdict
from typing import TYPE_CHECKING

from textual.document._document import EditResult, Location

from codesync_tui.editor.document import SourceDocument
from codesync_tui.editor.syntax import Syntax

if TYPE_CHECKING:
    from tree_sitter import Node, Tree

_BLOCK_ROWS = 64

Highlight = tuple[int, int | None, str]
"""Where it begins and ends in a line (bytes of UTF-8; None: at the line's end), and its name."""


class HighlightedDocument(SourceDocument):
    """Source text with a syntax tree; the tree is that of the lines as they are shown.

    Args:
        text: the source text.
        syntax: its language.
    """

    def __init__(self, text: str, syntax: Syntax) -> None:
        from tree_sitter import Parser

        super().__init__(text)
        self._syntax = syntax
        self._parser = Parser(syntax.language)
        self._tree: Tree | None = None
        self._is_stale = True

    def replace_range(self, start: Location, end: Location, text: str) -> EditResult:
        """Replace a range by other text; see Document."""
        if self._tree is None:
            return super().replace_range(start, end, text)
        top, bottom = sorted((start, end))
        start_byte, start_point = self._place(top)
        old_end_byte, old_end_point = self._place(bottom)
        result = super().replace_range(start, end, text)
        new_end_byte, new_end_point = self._place(result.end_location)
        self._tree.edit(
            start_byte, old_end_byte, new_end_byte, start_point, old_end_point, new_end_point
        )
        self._is_stale = True
        return result

    def captures(self, first: int, last: int) -> dict[str, list["Node"]]:
        """Name the pieces of the syntax tree that touch the lines from `first` up to `last`."""
        from tree_sitter import QueryCursor

        if self._tree is None or self._is_stale:
            source = "\n".join(self._lines).encode("utf-8", "replace")
            self._tree = (
                self._parser.parse(source, self._tree) if self._tree else self._parser.parse(source)
            )
            self._is_stale = False
        cursor = QueryCursor(self._syntax.query)
        cursor.set_point_range((first, 0), (last, 0))
        return cursor.captures(self._tree.root_node)

    def _place(self, location: Location) -> tuple[int, tuple[int, int]]:
        """Give a location as an offset in bytes and as a point (row, bytes in the row)."""
        row, column = location
        line = self._lines[row] if row < len(self._lines) else ""
        inside = len(line[:column].encode("utf-8", "replace"))
        return self._shown_sizes.start(row) + inside, (row, inside)


class LazyHighlights(defaultdict[int, list[Highlight]]):
    """The highlights of each line, worked out a block of lines at a time when one is asked for.

    Args:
        document: whose lines; it must not change while this is in use.
    """

    def __init__(self, document: HighlightedDocument) -> None:
        super().__init__()
        self._document = document

    def __bool__(self) -> bool:
        """The widget asks whether there are any before it asks for a line's."""
        return True

    def __missing__(self, row: int) -> list[Highlight]:
        first = row - row % _BLOCK_ROWS
        last = first + _BLOCK_ROWS
        for each in range(first, last):
            self[each] = []
        captures = self._document.captures(first, last)
        # Queries call every identifier a variable, and some of them more; the later one is shown.
        for name in sorted(captures, key=lambda name: name != "variable"):
            for node in captures[name]:
                self._add(name, node, first, last)
        return self[row]

    def _add(self, name: str, node: "Node", first: int, last: int) -> None:
        (top, left), (bottom, right) = node.start_point, node.end_point
        for row in range(max(top, first), min(bottom, last - 1) + 1):
            begin = left if row == top else 0
            end = right if row == bottom else None
            if end != 0:  # a node that ends before the first character of a row
                self[row].append((begin, end, name))
