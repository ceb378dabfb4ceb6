"""SGR parameters change looks as ECMA-48 and xterm say, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesync_tui.transcript.look import (
    BOLD,
    DIM,
    ITALIC,
    NO_COLOUR,
    RGB,
    STRIKE,
    UNDERLINE,
    Look,
    Source,
    apply_sgr,
)


@pytest.mark.parametrize(
    ("parameters", "look"),
    [
        ("", Look()),
        ("31", Look(colour=1)),
        ("97;41", Look(colour=15, background=1)),
        ("1;2;3;9", Look(flags=BOLD | DIM | ITALIC | STRIKE)),
        ("38;5;208", Look(colour=208)),
        ("48;2;1;2;3", Look(background=RGB | 0x010203)),
        ("38:5:208", Look(colour=208)),
        ("38:2:1:2:3", Look(colour=RGB | 0x010203)),
        ("38:2::1:2:3", Look(colour=RGB | 0x010203)),
        ("4:3", Look(flags=UNDERLINE)),
        ("4;4:0", Look()),
        ("38;5;31;32", Look(colour=2)),
        ("58;5;1;31", Look(colour=1)),
        ("58:2::1:2:3;31", Look(colour=1)),
        ("31;39;41;49", Look()),
        ("1;22;4;24", Look()),
        ("8;5;6;73;999999;10", Look()),
        ("38;5;256", Look()),
        ("38;2;1;2", Look()),
        ("38;2;1;2;999", Look()),
        ("38", Look()),
        ("38;", Look()),
        ("31;0", Look()),
        ("31;;1", Look(flags=BOLD)),
    ],
)
def test_parameters_mean_what_they_should(parameters: str, look: Look) -> None:
    assert apply_sgr(Look(), parameters) == look


def test_a_reset_does_not_make_errors_out_of_standard_output() -> None:
    assert apply_sgr(Look(Source.STDERR, colour=1), "0").source is Source.STDERR


@given(st.text("0123456789;:", max_size=64))
def test_any_parameters_give_a_look_within_bounds(parameters: str) -> None:
    look = apply_sgr(Look(), parameters)
    for colour in (look.colour, look.background):
        assert colour == NO_COLOUR or 0 <= colour < 256 or RGB <= colour < RGB << 1
