"""SGR parameters change styles as in ECMA-48 and xterm, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesync_tui.transcript.output_style import (
    BOLD,
    DIM,
    ITALIC,
    NO_COLOUR,
    RGB,
    STRIKE,
    UNDERLINE,
    OutputSource,
    OutputStyle,
    apply_sgr,
)


@pytest.mark.parametrize(
    ("parameters", "look"),
    [
        ("", OutputStyle()),
        ("31", OutputStyle(colour=1)),
        ("97;41", OutputStyle(colour=15, background=1)),
        ("1;2;3;9", OutputStyle(flags=BOLD | DIM | ITALIC | STRIKE)),
        ("38;5;208", OutputStyle(colour=208)),
        ("48;2;1;2;3", OutputStyle(background=RGB | 0x010203)),
        ("38:5:208", OutputStyle(colour=208)),
        ("38:2:1:2:3", OutputStyle(colour=RGB | 0x010203)),
        ("38:2::1:2:3", OutputStyle(colour=RGB | 0x010203)),
        ("4:3", OutputStyle(flags=UNDERLINE)),
        ("4;4:0", OutputStyle()),
        ("38;5;31;32", OutputStyle(colour=2)),
        ("58;5;1;31", OutputStyle(colour=1)),
        ("58:2::1:2:3;31", OutputStyle(colour=1)),
        ("31;39;41;49", OutputStyle()),
        ("1;22;4;24", OutputStyle()),
        ("8;5;6;73;999999;10", OutputStyle()),
        ("38;5;256", OutputStyle()),
        ("38;2;1;2", OutputStyle()),
        ("38;2;1;2;999", OutputStyle()),
        ("38", OutputStyle()),
        ("38;", OutputStyle()),
        ("31;0", OutputStyle()),
        ("31;;1", OutputStyle(flags=BOLD)),
    ],
)
def test_parameters_mean_what_they_should(parameters: str, look: OutputStyle) -> None:
    assert apply_sgr(OutputStyle(), parameters) == look


def test_a_reset_does_not_make_errors_out_of_standard_output() -> None:
    assert apply_sgr(OutputStyle(OutputSource.STDERR, colour=1), "0").source is OutputSource.STDERR


@given(st.text("0123456789;:", max_size=64))
def test_any_parameters_give_a_look_within_bounds(parameters: str) -> None:
    look = apply_sgr(OutputStyle(), parameters)
    for colour in (look.colour, look.background):
        assert colour == NO_COLOUR or 0 <= colour < 256 or RGB <= colour < RGB << 1
