"""Filtered text never controls a terminal, and does not change columns."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesync_protocol.names import columns
from codesync_protocol.printable import CONTROLS, show_block, show_line

EVERYTHING = [chr(code) for code in range(sys.maxunicode + 1)]
BIDI = {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}
LAYOUT = {"Zl", "Zp", "Cs"}
"""Line and paragraph separators, and what cannot be encoded."""

ANY_TEXT = st.text(st.characters(exclude_categories=["Cn"]))


def acts(char: str) -> bool:
    """Whether a character may act on a terminal, or on the order of what is around it."""
    return unicodedata.category(char) in {"Cc"} | LAYOUT or unicodedata.bidirectional(char) in BIDI


def test_no_code_point_that_acts_survives_in_a_line() -> None:
    shown = show_line("".join(EVERYTHING))
    assert {char for char in shown if acts(char)} == {"\t"}


def test_no_code_point_that_acts_survives_in_a_block() -> None:
    shown = show_block("".join(EVERYTHING))
    assert {char for char in shown if acts(char)} == {"\t", "\n"}


@pytest.mark.parametrize(
    "char",
    ["\u200b", "\u200e", "\u200f", "\u061c", "\u2060", "\u2066", "\ufeff", "\U000e0041"],
)
def test_what_is_invisible_is_made_visible(char: str) -> None:
    assert show_line(f"a{char}b") == "a\ufffdb"


@pytest.mark.parametrize(
    "text",
    ["\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "👩\u200d💻", "क\u094d\u200dष", "e\u0301"],
)
def test_joiners_and_marks_that_writing_needs_stay(text: str) -> None:
    assert show_line(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", "␛[2J"),
        ("a\x00b", "a␀b"),
        ("\x7f", "␡"),
        ("\r", "␍"),
        ("\x9b31m", "\ufffd31m"),
        ("line\u2028line", "line\ufffdline"),
        ("\udcff", "\ufffd"),
        ("\u202egnp.exe", "\ufffdgnp.exe"),
        ("tab\tstays", "tab\tstays"),
    ],
)
def test_controls_become_their_pictures(text: str, shown: str) -> None:
    assert show_line(text) == shown


def test_line_ends_are_pictures_in_a_line_and_line_ends_in_a_block() -> None:
    assert show_line("a\nb") == "a␊b"
    assert show_block("a\nb\r\n") == "a\nb␍\n"


def test_each_code_point_keeps_its_columns() -> None:
    # Python 3.11 takes unassigned code points for wide ones.
    changed = [char for char in map(chr, CONTROLS) if unicodedata.category(char) != "Cn"]
    assert [columns(show_line(char)) for char in changed] == [columns(char) for char in changed]
    assert all(len(show_line(char)) == 1 for char in EVERYTHING)


def test_what_is_shown_can_be_encoded() -> None:
    show_block("".join(EVERYTHING)).encode()


@given(ANY_TEXT)
def test_text_of_any_kind_keeps_its_length_and_its_columns(text: str) -> None:
    for show in (show_line, show_block):
        shown = show(text)
        assert len(shown) == len(text)
        assert columns(shown) == columns(text)
        assert show(shown) == shown
        assert {char for char in shown if acts(char)} <= {"\t", "\n"}


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert show_line(text) == text
    assert show_block(text) == text
