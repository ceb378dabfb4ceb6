"""Text is fitted to an exact number of columns."""

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from codesync_tui.formatting.columns import column_count, fit, share_width, shorten


@given(st.text(max_size=40), st.integers(0, 30))
def test_text_fits(text: str, width: int) -> None:
    assert cell_len(shorten(text, width)) <= width
    assert cell_len(fit(text, width)) == width
    assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in fit(text, width))


def test_what_is_cut_ends_in_an_ellipsis() -> None:
    assert shorten("abcdef", 4) == "abc…"
    assert shorten("世界世界", 4) == "世…"
    assert fit("ab", 4) == "ab  "


@given(st.text(max_size=40))
def test_a_text_fits_into_the_columns_that_it_takes(text: str) -> None:
    assert fit(text, column_count(text)) == shorten(text, 100)


def test_columns_get_what_they_want_while_there_is_room() -> None:
    assert share_width(40, [8, 7, 13, 6], [4, 7, 7, 4]) == [8, 7, 13, 6]


def test_the_column_that_has_most_above_its_least_gives_way_first() -> None:
    assert share_width(31, [8, 7, 13, 6], [4, 7, 7, 4]) == [7, 7, 11, 6]
    assert share_width(22, [8, 7, 13, 6], [4, 7, 7, 4]) == [4, 7, 7, 4]


def test_the_last_columns_get_nothing_when_there_is_too_little_for_all() -> None:
    assert share_width(20, [8, 7, 13, 6], [4, 7, 7, 4]) == [5, 7, 8, 0]
    assert share_width(3, [8, 7], [4, 7]) == [4, 0]


widths = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 30)), min_size=1, max_size=5)


@given(st.integers(0, 80), widths)
def test_shares_fit_unless_not_even_the_first_does(width: int, each: list[tuple[int, int]]) -> None:
    least = [least for least, _ in each]
    shares = share_width(width, [least + more for least, more in each], least)
    assert sum(shares) <= max(width, least[0])
    assert all(got == 0 or got >= at_least for got, at_least in zip(shares, least, strict=True))
