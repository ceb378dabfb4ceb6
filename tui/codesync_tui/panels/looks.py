"""From a look to a style of rich."""

from functools import lru_cache

from rich.color import Color
from rich.style import Style

from codesync_tui.transcript import Look, Source
from codesync_tui.transcript.look import (
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
    Source.STDOUT: "output--stdout",
    Source.STDERR: "output--stderr",
    Source.COMPILER: "output--compiler",
    Source.TYPED: "output--typed",
    Source.NOTE: "output--note",
    Source.GOOD: "output--good",
    Source.BAD: "output--bad",
    Source.ENDED: "output--ended",
    Source.FIGURES: "output--figures",
}
"""Component classes that say how each source looks as long as the program does not say it."""


@lru_cache(maxsize=2048)
def style_of(look: Look, base: Style, *, own_colours: bool = True) -> Style:
    """Make a style.

    Args:
        look: what the program asked for.
        base: how its source looks.
        own_colours: the 16 colours are ours to choose. A program that chooses letters and what is
            behind them then gets the usual ones for both: the theme's fit its own background only.
    """
    usual = own_colours and look.colour != NO_COLOUR and look.background != NO_COLOUR
    return base + Style(
        color=_colour(look.colour, usual=usual),
        bgcolor=_colour(look.background, usual=usual),
        bold=_flag(look, BOLD),
        dim=_flag(look, DIM),
        italic=_flag(look, ITALIC),
        underline=_flag(look, UNDERLINE),
        reverse=_flag(look, REVERSE),
        strike=_flag(look, STRIKE),
    )


def _flag(look: Look, flag: int) -> bool | None:
    return True if look.flags & flag else None


def _colour(colour: int, *, usual: bool) -> Color | None:
    if colour == NO_COLOUR:
        return None
    if colour & RGB:
        return Color.from_rgb(colour >> 16 & 0xFF, colour >> 8 & 0xFF, colour & 0xFF)
    if usual and colour < len(_USUAL):
        return Color.parse(f"#{_USUAL[colour]}")
    return Color.from_ansi(colour)


_USUAL = (
    "000000 cd3131 0dbc79 e5e510 2472c8 bc3fbc 11a8cd e5e5e5"
    " 666666 f14c4c 23d18b f5f543 3b8eea d670d6 29b8db ffffff"
).split()
