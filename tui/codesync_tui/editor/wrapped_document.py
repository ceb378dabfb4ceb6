"""Maps rows of the screen to lines of the document."""

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar, overload

from textual.document._document import Location
from textual.document._wrapped_document import WrappedDocument
from textual.geometry import Offset

from codesync_tui.editor.long_lines import UNIFORM_COLUMNS

_Item = TypeVar("_Item")


class _PerLine(Sequence[_Item], Generic[_Item]):
    """A sequence with one computed item for each line.

    Args:
        count: returns the number of lines.
        make: returns the item of a line.
    """

    def __init__(self, count: Callable[[], int], make: Callable[[int], _Item]) -> None:
        self._count = count
        self._make = make

    def __len__(self) -> int:
        return self._count()

    @overload
    def __getitem__(self, index: int) -> _Item: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[_Item]: ...

    def __getitem__(self, index: int | slice) -> _Item | Sequence[_Item]:
        lines = range(len(self))
        if isinstance(index, slice):
            return [self._make(line) for line in lines[index]]
        return self._make(lines[index])


class SourceWrappedDocument(WrappedDocument):
    """A wrapped document that stores nothing while each line takes one row.

    The stock one sums up all lines for its height, stores 350 bytes for each line, and renumbers
    all lines after an inserted one.
    """

    @property
    def height(self) -> int:
        """The number of rows."""
        return len(self._offset_to_line_info)

    @property
    def width(self) -> int:
        """The number of cells in a row; 0 if lines are not wrapped."""
        return self._width

    def line_at(self, row: int) -> int:
        """Return the line that a row shows."""
        return self._offset_to_line_info[row][0]

    def wrap(self, width: int, tab_width: int | None = None) -> None:
        """Wrap all lines; see WrappedDocument."""
        if width:
            super().wrap(width, tab_width)
            return
        self._width, self._tab_width = 0, tab_width or self._tab_width

        def count() -> int:
            return self.document.line_count

        def nothing(_: int) -> list[int]:
            return []

        # The stock class declares lists, but only reads them as sequences while width is 0.
        self._offset_to_line_info = _PerLine(count, lambda line: (line, 0))  # type: ignore[assignment]
        self._line_index_to_offsets = _PerLine(count, lambda line: [line])  # type: ignore[assignment]
        self._wrap_offsets = _PerLine(count, nothing)  # type: ignore[assignment]
        self._tab_width_cache = _PerLine(count, nothing)  # type: ignore[assignment]

    def wrap_range(self, start: Location, old_end: Location, new_end: Location) -> None:
        """Wrap the edited lines; see WrappedDocument."""
        if self._width:
            super().wrap_range(start, old_end, new_end)

    def offset_to_location(self, offset: Offset) -> Location:
        """Return the location of a cell; see WrappedDocument."""
        x, row = offset
        if self._is_uniform(row):
            return row, min(max(0, x), len(self.document.get_line(row)))
        return super().offset_to_location(offset)

    def location_to_offset(self, location: Location) -> Offset:
        """Return the cell of a location; see WrappedDocument."""
        line, column = location
        if self._is_uniform(line):
            return Offset(min(column, len(self.document.get_line(line))), line)
        return super().location_to_offset(location)

    def _is_uniform(self, line: int) -> bool:
        """Return whether lines are not wrapped, and each character of this one takes one cell."""
        if self._width or not 0 <= line < self.document.line_count:
            return False
        return len(self.document.get_line(line)) > UNIFORM_COLUMNS
