"""Indentation."""

import pytest

from codesync_tui.editor.indent import (
    backspace,
    indentation,
    next_indent,
    previous_stop,
    unindent,
)


@pytest.mark.parametrize(
    ("line", "column", "indent"),
    [("x = 1", 5, ""), ("    x = 1", 9, "    "), ("def f():", 8, "    "),
     ("  if (x) {  ", 12, "      "),
     ("\tif x:", 6, "\t\t"), ("    x", 2, "  "), ("", 0, ""), ("f(", 2, "    "),
     ("    x:", 0, ""), ("\t\tx", 1, "\t")],
)  # fmt: skip
def test_a_new_line_is_indented_as_the_last_one_or_one_level_more(
    line: str, column: int, indent: str
) -> None:
    assert next_indent(line, column, 4) == indent


def test_levels() -> None:
    assert [previous_stop(column, 4) for column in (0, 1, 4, 5, 8)] == [0, 0, 0, 4, 4]
    lines = ("x", "  x", "      x", "\tx", "        x", "  \tx", "     \tx")
    assert [unindent(line, 4) for line in lines] == [0, 2, 2, 1, 4, 3, 1]


def test_a_line_is_moved_to_the_next_level_by_what_it_is_indented_with() -> None:
    lines = ("x", "   x", "    x", "\tx")
    assert [indentation(line, 4, by_tabs=False) for line in lines] == ["    ", " ", "    ", "\t"]
    assert [indentation(line, 4, by_tabs=True) for line in lines] == ["\t", " ", "    ", "\t"]


@pytest.mark.parametrize(
    ("before", "count"),
    [("x", 1), ("x    ", 1), (" ", 1), ("    ", 4), ("      ", 2), ("\t", 1), ("\t\t", 1),
     ("\t    ", 4), ("\t      ", 2), ("  \t", 1), ("\t ", 1)],
)  # fmt: skip
def test_a_backspace_among_leading_blanks_goes_back_one_level(before: str, count: int) -> None:
    assert backspace(before, 4) == count
