"""Finding and replacing."""

import re

from hypothesis import given
from hypothesis import strategies as st

from codesync_tui.editor.splices import apply_splices
from codesync_tui.editor.text_search import (
    MATCHES_MAX,
    TextMatch,
    find_all,
    next_match_index,
    replacements,
)

LINES = ["Alpha beta", "ALPHA alpha.", "", "b(e)ta"]


def test_capitals_count_only_if_one_is_looked_for() -> None:
    assert [match.start for match in find_all(LINES, "alpha")] == [(0, 0), (1, 0), (1, 6)]
    assert [match.start for match in find_all(LINES, "Alpha")] == [(0, 0)]


def test_what_is_looked_for_is_no_pattern() -> None:
    assert find_all(LINES, "b(e)") == [TextMatch((3, 0), (3, 4))]
    assert find_all(LINES, ".") == [TextMatch((1, 11), (1, 12))]
    assert find_all(LINES, "") == []


def test_behind_the_last_match_comes_the_first() -> None:
    matches = find_all(LINES, "alpha")
    assert next_match_index(matches, (0, 0)) == 0
    assert next_match_index(matches, (0, 1)) == 1
    assert next_match_index(matches, (2, 0)) == 0
    assert next_match_index(matches, (1, 6), back=True) == 1
    assert next_match_index(matches, (0, 0), back=True) == 2


def test_so_many_are_found_and_no_more() -> None:
    assert len(find_all(["aa"] * MATCHES_MAX, "a")) == MATCHES_MAX


def replaced(lines: list[str], needle: str, replacement: str) -> str:
    return apply_splices("\n".join(lines), replacements(lines, needle, replacement))


def test_a_replacement_is_taken_as_it_is() -> None:
    assert replaced(LINES[:2], "alpha", r"\1") == "\\1 beta\n\\1 \\1."


@given(
    st.lists(st.text("abAB.(", max_size=8), min_size=1), st.text("abA.(", min_size=1, max_size=3)
)
def test_what_is_found_is_what_was_looked_for(lines: list[str], needle: str) -> None:
    for match in find_all(lines, needle):
        (row, left), (last, right) = match.start, match.end
        assert row == last
        found = lines[row][left:right]
        assert found == needle or (needle == needle.lower() and found.lower() == needle)
    flags = re.IGNORECASE if needle == needle.lower() else 0
    expected = [re.sub(re.escape(needle), "é", line, flags=flags) for line in lines]
    assert replaced(lines, needle, "é") == "\n".join(expected)
