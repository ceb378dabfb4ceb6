"""Lines are printable, bounded, and wrapped at the right places."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from codesync_tui.transcript.output_line import LINE_MAX, LineBuilder, OutputLine, whole_line
from codesync_tui.transcript.output_style import PLAIN, OutputSource, OutputStyle

RED = OutputStyle(colour=1)
characters = st.text(
    st.sampled_from(
        [*"ab \t", "é", "世", "🎉", "\u200d", "\u0301", "\x1b", "\x9b", "\u202e", "\x00"]
    ),
    max_size=60,
)


def line(*pieces: str, look: OutputStyle = PLAIN) -> OutputLine:
    """A line that came in these pieces."""
    builder = LineBuilder()
    for piece in pieces:
        builder.add(piece, look)
    return builder.end()


def test_tabs_go_to_the_next_stop() -> None:
    assert line("a\tb").text == "a       b"
    assert line("世\tb").text == "世      b"
    assert line("12345678\tb").text == "12345678        b"


def test_controls_become_pictures() -> None:
    assert line("a\x1bb\x07\x9b\u202e\x7f").text == "a␛b␇\ufffd\ufffd␡"


def test_looks_begin_where_they_change() -> None:
    builder = LineBuilder()
    for text, look in (("ab", PLAIN), ("cd", RED), ("ef", RED), ("g", PLAIN)):
        builder.add(text, look)
    assert builder.end() == OutputLine("abcdefg", ((0, PLAIN), (2, RED), (6, PLAIN)))
    assert line("ab").styles == ()
    assert line("ab", look=RED).styles == ((0, RED),)


def test_a_carriage_return_keeps_what_follows_it() -> None:
    builder = LineBuilder()
    for text in ("10%", "20%", "30%"):
        builder.add(text, PLAIN)
        builder.carriage_return()
    assert builder.line().text == "30%"
    assert builder.end().text == "30%"
    assert builder.is_empty


def test_a_long_line_ends_in_an_ellipsis_and_takes_no_more() -> None:
    long = line(*(["x" * 1000] * 10))
    assert long.text == "x" * LINE_MAX + "…"
    assert line("x" * LINE_MAX).text == "x" * LINE_MAX
    assert whole_line("x" * 9000, PLAIN) == long


@given(characters, st.lists(st.integers(0, 60), max_size=5))
def test_the_pieces_of_a_line_do_not_show(text: str, cuts: list[int]) -> None:
    at = sorted({min(cut, len(text)) for cut in cuts} | {0, len(text)})
    pieces = [text[a:b] for a, b in pairwise(at)]
    assert line(*pieces) == line(text) == whole_line(text, PLAIN)


# rich's two ways to measure disagree about joiners that join nothing: lone ones are left out here.
joined = st.lists(st.sampled_from([*"ab \t", "é", "世", "👩\u200d🔬", "e\u0301"])).map("".join)


@given(joined, st.integers(1, 30))
def test_rows_fit_into_the_width_and_hold_the_whole_line(text: str, width: int) -> None:
    whole = line(text)
    breaks = whole.breaks(width)
    assert whole.rows(width) == len(breaks)
    rows = [whole.text[a:b] for a, b in zip(breaks, [*breaks[1:], None], strict=True)]
    assert "".join(rows) == whole.text
    assert all(cell_len(row) <= max(width, 2) for row in rows)


@given(characters)
def test_a_line_is_printable_and_one_row_without_a_width(text: str) -> None:
    shown = line(text, look=OutputStyle(OutputSource.STDERR))
    assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in shown.text)
    assert shown.breaks(0) == [0]
    assert shown.columns == cell_len(shown.text)
