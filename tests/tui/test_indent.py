"""Indentation."""

import pytest

from codesync_tui.editor.indent import next_indent, previous_stop, unindent


@pytest.mark.parametrize(
    ("line", "column", "indent"),
    [("x = 1", 5, ""), ("    x = 1", 9, "    "), ("def f():", 8, "    "),
     ("  if (x) {  ", 12, "      "),
     ("\tif x:", 6, "\t\t"), ("    x", 2, "  "), ("", 0, ""), ("f(", 2, "    ")],
)  # fmt: skip
def test_a_new_line_is_indented_as_the_last_one_or_one_level_more(
    line: str, column: int, indent: str
) -> None:
    assert next_indent(line, column, 4) == indent


def test_levels() -> None:
    assert [previous_stop(column, 4) for column in (0, 1, 4, 5, 8)] == [0, 0, 0, 4, 4]
    assert [unindent(line, 4) for line in ("x", "  x", "      x", "\tx", "        x")] == [
        0, 2, 2, 1, 4,
    ]  # fmt: skip
