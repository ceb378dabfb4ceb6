"""Comments and brackets."""

from hypothesis import given
from hypothesis import strategies as st

from codesync_tui.editor.commands import closes, comment_mark, is_empty_pair, toggle_comments


def test_lines_become_comments_at_one_column_and_lines_again() -> None:
    lines = ["    if x:", "", "        y()"]
    commented = ["    # if x:", "", "    #     y()"]
    assert toggle_comments(lines, "#") == commented
    assert toggle_comments(commented, "#") == lines


def test_comments_among_lines_become_comments_of_comments() -> None:
    assert toggle_comments(["// a", "b"], "//") == ["// // a", "// b"]


@given(st.lists(st.text(" \tab#", max_size=6)))
def test_twice_is_as_before(lines: list[str]) -> None:
    once = toggle_comments(lines, "#")
    if any(line.strip() and not line.lstrip().startswith("#") for line in lines):
        assert toggle_comments(once, "#") == lines


def test_languages_have_their_own_marks() -> None:
    assert (comment_mark("python"), comment_mark("cpp")) == ("#", "//")


def test_a_bracket_is_closed_where_nothing_stands_behind_it() -> None:
    assert closes("(", "")
    assert closes("{", ")")
    assert not closes("(", "x")
    assert not closes(")", "")
    assert is_empty_pair("[", "]")
    assert not is_empty_pair("(", "]")
    assert not is_empty_pair("", "")
