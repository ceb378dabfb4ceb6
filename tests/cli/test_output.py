"""Output of programs on a terminal: text and colours are passed on, other sequences are not."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesync_cli.console.output import TerminalText

SGR = re.compile(r"\x1b\[[0-9;:]*m")
ACTS = re.compile(r"[\x00-\x07\x0b\x0c\x0e-\x1f\x7f-\x9f]")

PIECES = st.lists(
    st.one_of(
        st.binary(max_size=8),
        st.sampled_from(
            [b"\x1b", b"\x1b[", b"\x1b[3", b"1m", b"m", b"\x1b[0m", b"\x1b]0;x\x07", b"\x9b2J"]
        ),
        st.text(max_size=4).map(str.encode),
    ),
    max_size=20,
)


def shown(*pieces: bytes) -> str:
    """What is written to the terminal in all."""
    text = TerminalText()
    return b"".join([*map(text.feed, pieces), text.finish()]).decode()


@given(PIECES)
def test_however_it_is_cut_the_same_is_written(pieces: list[bytes]) -> None:
    assert shown(*pieces) == shown(b"".join(pieces))


@given(PIECES)
def test_nothing_acts_on_the_terminal_but_colours(pieces: list[bytes]) -> None:
    assert not ACTS.search(SGR.sub("", shown(*pieces)))


@pytest.mark.parametrize(
    ("data", "at_once"),
    [
        (b"name? ", b"name? "),
        (b"\xc3\xa9\xc3", "é".encode()),
        (b"\x1b]0;owned\x07name? ", "␛]0;owned␇name? ".encode()),
        (b"\x1b[31mred", b"\x1b[31mred"),
        (b"a\x1b[31", b"a"),
        (b"a\x1b[31K", "a␛[31K".encode()),
    ],
)
def test_no_more_is_held_back_than_may_become_a_character_or_a_colour(
    data: bytes, at_once: bytes
) -> None:
    assert TerminalText().feed(data) == at_once


def test_colours_end_with_the_program() -> None:
    assert shown(b"\x1b[31mred") == "\x1b[31mred\x1b[0m"
    assert shown(b"plain") == "plain"
