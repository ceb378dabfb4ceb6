"""Escape sequences are found completely, however they are split; other bytes are text."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesync_tui.transcript.escape_sequences import (
    PARAMETERS_MAX,
    STRING_MAX,
    CarriageReturn,
    SgrToken,
    TextToken,
    Token,
    Tokenizer,
)

PIECES = [
    *"ab\n\r\t", "\x1b", "\x9b", "\x9d", "\x07", "\x1b[", "\x1b]", "\x1b\\", "\x9c", "\x1bP",
    "m", "1", ";", "38:2::1:2:3", "\x1b[31m", "\x1b[0K", "\x1b]0;x\x07", "\x1b(B", " ", "?", "é",
    "世", "\x00", "0" * 70,
]  # fmt: skip
texts = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


def tokens(*pieces: str) -> list[Token]:
    """All tokens of a text that came in these pieces, neighbouring texts joined."""
    tokenizer = Tokenizer()
    joined: list[Token] = []
    for token in [*(t for p in pieces for t in tokenizer.feed(p)), *tokenizer.finish()]:
        if isinstance(token, TextToken) and joined and isinstance(joined[-1], TextToken):
            joined[-1] = TextToken(joined[-1].text + token.text)
        else:
            joined.append(token)
    return joined


@given(texts, st.lists(st.integers(0, 200), max_size=8))
def test_the_pieces_in_which_a_text_comes_do_not_show(text: str, cuts: list[int]) -> None:
    at = sorted({min(cut, len(text)) for cut in cuts} | {0, len(text)})
    pieces = [text[a:b] for a, b in pairwise(at)]
    assert tokens(*pieces) == tokens(text)
    assert tokens(*text) == tokens(text)


def test_sgr_is_found_in_its_7_bit_and_8_bit_form() -> None:
    assert tokens("a\x1b[1;31mb\x9b38:5:9mc") == [
        TextToken("a"), SgrToken("1;31"), TextToken("b"), SgrToken("38:5:9"), TextToken("c"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "sequence",
    [
        "\x1b[2J", "\x1b[6n", "\x1b[?1049h", "\x1b[10;20H", "\x1b[K", "\x1b[>4;1m",
        "\x1b[1 m", "\x9b?25l",
        "\x1b]0;title\x07", "\x1b]52;c;UFdORUQ=\x1b\\", "\x1b]8;;http://x\x9c", "\x9d0;t\x07",
        "\x1bPq#0\x1b\\", "\x90q\x9c", "\x1b_apc\x1b\\", "\x9fapc\x9c", "\x1b^pm\x1b\\",
        "\x1bXsos\x1b\\",
        "\x1b7", "\x1b8", "\x1bc", "\x1b(B", "\x1b#8", "\x1b%G",
    ],
)  # fmt: skip
def test_other_sequences_are_left_out(sequence: str) -> None:
    assert tokens(f"a{sequence}b") == [TextToken("ab")]


@pytest.mark.parametrize(
    "text",
    [
        "\x1b", "\x1b[", "\x1b[31", "\x1b]0;never ends", "\x1bPnever ends", "\x9b1",
        "\x1b]0;a\nb\x07",
        "\x1b[" + "1" * (PARAMETERS_MAX + 1) + "m",
        "\x1b]" + "x" * (STRING_MAX + 1) + "\x07", "\x1bn", "\x9c",
    ],
)  # fmt: skip
def test_what_is_no_sequence_is_shown(text: str) -> None:
    assert "".join(t.text for t in tokens(text) if isinstance(t, TextToken)) == text


def test_a_sequence_that_never_ends_does_not_hide_what_follows_it() -> None:
    shown = tokens("\x1b]0;gotcha", "\nthe real output\n")
    assert shown == [TextToken("\x1b]0;gotcha\nthe real output\n")]


def test_what_is_held_back_is_bounded() -> None:
    tokenizer = Tokenizer()
    held = 0
    for _ in range(1000):
        for token in tokenizer.feed("\x1b]" + "x" * 100):
            assert isinstance(token, TextToken)
            held -= len(token.text)
        held += 102
        assert held <= STRING_MAX + 3


def test_a_carriage_return_is_told_apart() -> None:
    assert tokens("10%\r20%\r\n") == [
        TextToken("10%"), CarriageReturn(), TextToken("20%"), CarriageReturn(), TextToken("\n"),
    ]  # fmt: skip
