"""Rows of unwrapped lines equal those of Textual's document, without storing them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.document._wrapped_document import WrappedDocument
from textual.geometry import Offset

from codesync_tui.editor.source_document import SourceDocument
from codesync_tui.editor.wrapped_document import SourceWrappedDocument

lines = st.lists(st.text("a\t界é", max_size=6), min_size=1, max_size=8)


@given(lines, lines, st.data())
def test_each_line_is_a_row_also_when_it_was_edited(
    before: list[str], fresh: list[str], data: st.DataObject
) -> None:
    source = SourceDocument("\n".join(before))
    quick = SourceWrappedDocument(source)
    places = st.tuples(st.integers(0, len(before) - 1), st.integers(0, 6))
    start, end = sorted((data.draw(places), data.draw(places)))
    landed = source.replace_range(start, end, "\n".join(fresh)).end_location
    quick.wrap_range(start, end, landed)

    stock = WrappedDocument(source)
    assert quick.height == stock.height == source.line_count
    assert quick.lines == stock.lines
    for row in range(source.line_count):
        assert quick.line_at(row) == row
        assert quick.get_sections(row) == stock.get_sections(row)
        assert quick.get_offsets(row) == stock.get_offsets(row)
        for column in range(8):
            location, offset = (row, column), Offset(column, row)
            assert quick.location_to_offset(location) == stock.location_to_offset(location)
            assert quick.offset_to_location(offset) == stock.offset_to_location(offset)


def test_rows_are_kept_only_while_lines_are_wrapped() -> None:
    source = SourceDocument("abcdef\n" * 3)
    rows = SourceWrappedDocument(source)
    assert rows.height == 4
    rows.wrap(4)
    assert rows.height == 7
    rows.wrap(0)
    assert (rows.height, rows.width) == (4, 0)


def test_there_is_no_row_behind_the_last() -> None:
    rows = SourceWrappedDocument(SourceDocument("a\nb"))
    with pytest.raises(IndexError):
        rows.line_at(2)
    with pytest.raises(ValueError, match="out of bounds"):
        rows.get_offsets(2)
