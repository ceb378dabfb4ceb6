"""Converts the style of program output to a Rich style."""

from functools import lru_cache

from rich.color import Color
from rich.style import Style

from codesync_tui.transcript import OutputSource, OutputStyle
from codesync_tui.transcript.output_style import (
    BOLD,
    DIM,
    ITALIC,
    NO_COLOUR,
    REVERSE,
    RGB,
    STRIKE,
    UNDERLINE,
)

SOURCE_CLASSES = {
    OutputSource.STDOUT: "output--stdout",
    OutputSource.STDERR: "output--stderr",
    OutputSource.COMPILER: "output--compiler",
    OutputSource.TYPED: "output--typed",
    OutputSource.NOTE: "output--note",
    OutputSource.GOOD: "output--good",
    OutputSource.BAD: "output--bad",
    OutputSource.ENDED: "output--ended",
    OutputSource.FIGURES: "output--figures",
}
"""The CSS component class of each source, for text that the program did not style itself."""


@lru_cache(maxsize=2048)
def rich_style(output_style: OutputStyle, base: Style, *, own_colours: bool = True) -> Style:
    """Convert the style of program output to a Rich style.

    Args:
        output_style: the style that the program set.
        base: the style of its source.
        own_colours: we define the 16 colours. A program that sets foreground and background then
            gets the standard colours for both: the colours of the theme fit only its background.
    """
    usual = (
        own_colours and output_style.colour != NO_COLOUR and output_style.background != NO_COLOUR
    )
    return base + Style(
        color=_colour(output_style.colour, usual=usual),
        bgcolor=_colour(output_style.background, usual=usual),
        bold=_flag(output_style, BOLD),
        dim=_flag(output_style, DIM),
        italic=_flag(output_style, ITALIC),
        underline=_flag(output_style, UNDERLINE),
        reverse=_flag(output_style, REVERSE),
        strike=_flag(output_style, STRIKE),
    )


def _flag(output_style: OutputStyle, flag: int) -> bool | None:
    return True if output_style.flags & flag else None


def _colour(colour: int, *, usual: bool) -> Color | None:
    if colour == NO_COLOUR:
        return None
    if colour & RGB:
        return Color.from_rgb(colour >> 16 & 0xFF, colour >> 8 & 0xFF, colour & 0xFF)
    if usual and colour < len(_STANDARD_COLOURS):
        return Color.parse(f"#{_STANDARD_COLOURS[colour]}")
    return Color.from_ansi(colour)


_STANDARD_COLOURS = (
    "000000 cd3131 0dbc79 e5e510 2472c8 bc3fbc 11a8cd e5e5e5"
    " 666666 f14c4c 23d18b f5f543 3b8eea d670d6 29b8db ffffff"
).split()
