"""The app's colour themes: dark, light, and the terminal's own 16 colours.

Own theme variables: `dim` for less important text, `line` for the background of the current line,
`bar` and `bar-text` for the bars of the screen.
"""

from rich.terminal_theme import TerminalTheme
from textual.theme import BUILTIN_THEMES, Theme

DARK = Theme(
    name="codesync-dark",
    primary="#7cc4ff",
    secondary="#9fb0c8",
    accent="#7cc4ff",
    success="#6fdc9a",
    warning="#f5c869",
    error="#ff8a94",
    foreground="#e8ecf3",
    background="#10151d",
    surface="#10151d",
    panel="#1a2230",
    boost="#1a2230",
    dark=True,
    variables={
        "dim": "#93a0b4",
        "line": "#19212d",
        "bar": "#1f2a3a",
        "bar-text": "#e8ecf3",
        "input-cursor-background": "#e8ecf3",
        "input-cursor-foreground": "#10151d",
        "input-selection-background": "#33507a",
        "block-cursor-background": "#33507a",
        "block-cursor-foreground": "#ffffff",
        "scrollbar": "#3a475b",
        "scrollbar-hover": "#7cc4ff",
        "scrollbar-active": "#7cc4ff",
        "scrollbar-background": "#151c27",
        "scrollbar-background-hover": "#151c27",
        "scrollbar-background-active": "#151c27",
        "scrollbar-corner-color": "#151c27",
        "border": "#7cc4ff",
        "border-blurred": "#3a475b",
    },
)

LIGHT = Theme(
    name="codesync-light",
    primary="#0b5cad",
    secondary="#48566b",
    accent="#0b5cad",
    success="#14713a",
    warning="#8a5a00",
    error="#b3202f",
    foreground="#1b2330",
    background="#fbfbf8",
    surface="#fbfbf8",
    panel="#eceee9",
    boost="#eceee9",
    dark=False,
    variables={
        "dim": "#5d6878",
        "line": "#eff1ec",
        "bar": "#e1e5e0",
        "bar-text": "#1b2330",
        "input-cursor-background": "#1b2330",
        "input-cursor-foreground": "#fbfbf8",
        "input-selection-background": "#bcd6f2",
        "block-cursor-background": "#bcd6f2",
        "block-cursor-foreground": "#0a1320",
        "scrollbar": "#b6bfca",
        "scrollbar-hover": "#0b5cad",
        "scrollbar-active": "#0b5cad",
        "scrollbar-background": "#eceee9",
        "scrollbar-background-hover": "#eceee9",
        "scrollbar-background-active": "#eceee9",
        "scrollbar-corner-color": "#eceee9",
        "border": "#0b5cad",
        "border-blurred": "#b6bfca",
    },
)

SIXTEEN = Theme(
    name="codesync-sixteen",
    ansi=True,
    primary="ansi_bright_blue",
    secondary="ansi_cyan",
    accent="ansi_cyan",
    success="ansi_green",
    warning="ansi_yellow",
    error="ansi_red",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    dark=True,
    variables=BUILTIN_THEMES["ansi-dark"].variables
    | {
        "dim": "ansi_default",
        "line": "ansi_default",
        "bar": "ansi_default",
        "bar-text": "ansi_default",
        "block-cursor-background": "ansi_blue",
        "block-cursor-foreground": "ansi_bright_white",
        "block-cursor-text-style": "reverse",
        "border": "ansi_cyan",
        "border-blurred": "ansi_default",
        "input-cursor-text-style": "reverse",
    },
)
"""The terminal's own colours, for terminals that have 16 of them, and for NO_COLOR."""

THEMES = (DARK, LIGHT, SIXTEEN)


def _rgb(text: str) -> list[tuple[int, int, int]]:
    numbers = [int(colour, 16) for colour in text.split()]
    return [(number >> 16, number >> 8 & 0xFF, number & 0xFF) for number in numbers]


ANSI_DARK = TerminalTheme(
    (0x10, 0x15, 0x1D),
    (0xE8, 0xEC, 0xF3),
    _rgb("4a5568 ff7b86 6fdc9a f5c869 6ca8ff d3a8ff 6fd6cf d5dbe6"),
    _rgb("93a0b4 ffa3ab 93eab3 ffdd94 9dcbff e3c6ff 93e6e0 ffffff"),
)
"""The 16 colours of programs on the dark background, all legible."""

ANSI_LIGHT = TerminalTheme(
    (0xFB, 0xFB, 0xF8),
    (0x1B, 0x23, 0x30),
    _rgb("1b2330 b3202f 14713a 8a5a00 0b5cad 7a2fbf 00707a 6a7380"),
    _rgb("5d6878 c4303f 1a8446 9a6800 1a6cc0 8b40d0 0a8089 48566b"),
)
"""The 16 colours of programs on the light background, all legible."""

MEMBER_COLOURS = (
    ("#7cc4ff", "#0b5cad", "ansi_bright_blue"),
    ("#6fdc9a", "#14713a", "ansi_green"),
    ("#f5c869", "#8a5a00", "ansi_yellow"),
    ("#d3a8ff", "#7a2fbf", "ansi_magenta"),
    ("#ff9e7a", "#a8460f", "ansi_red"),
    ("#6fd6cf", "#00707a", "ansi_cyan"),
    ("#ff9fc3", "#b01e5b", "ansi_bright_magenta"),
    ("#c3d36b", "#5c6a00", "ansi_bright_green"),
)
"""Colours of members by their index, for the dark, the light and the 16-colour theme."""


def member_colour(index: int, theme: str) -> str:
    """Return the colour of a member.

    Args:
        index: Member.colour; larger indices wrap around.
        theme: the name of the app's theme.

    Returns:
        A colour in the notation of Textual.
    """
    dark, light, sixteen = MEMBER_COLOURS[index % len(MEMBER_COLOURS)]
    if theme == LIGHT.name:
        return light
    return sixteen if theme == SIXTEEN.name else dark
