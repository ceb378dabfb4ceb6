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
def style_of(look: Look, base: Style) -> Style:
    """Make a style.

    Args:
        look: what the program asked for.
        base: how its source looks.
    """
    return base + Style(
        color=_colour(look.colour),
        bgcolor=_colour(look.background),
        bold=_flag(look, BOLD),
        dim=_flag(look, DIM),
        italic=_flag(look, ITALIC),
        underline=_flag(look, UNDERLINE),
        reverse=_flag(look, REVERSE),
        strike=_flag(look, STRIKE),
    )


def _flag(look: Look, flag: int) -> bool | None:
    return True if look.flags & flag else None


def _colour(colour: int) -> Color | None:
    if colour == NO_COLOUR:
        return None
    if colour & RGB:
        return Color.from_rgb(colour >> 16 & 0xFF, colour >> 8 & 0xFF, colour & 0xFF)
    return Color.from_ansi(colour)
