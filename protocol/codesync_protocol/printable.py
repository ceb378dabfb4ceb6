"""Filters external text, so that it cannot control a terminal.

C0 controls and DEL become their pictures (U+2400...). C1 controls, bidi controls and unusual line
separators become U+FFFD. Each takes one column, so that columns do not change.
"""

from typing import Final

_DIRECTION_AND_INVISIBLE = (
    0x061C,  # Arabic letter mark
    0x200B,  # zero-width space (not the joiners 200C and 200D: emoji and Persian need them)
    0x200E,  # left-to-right mark
    0x200F,  # right-to-left mark
    *range(0x2028, 0x202F),  # line and paragraph separators, embeddings, overrides
    *range(0x2060, 0x2070),  # word joiner, invisible operators, isolates
    *range(0xD800, 0xE000),  # lone surrogates cannot be encoded
    0xFEFF,  # byte order mark
    *range(0xE0000, 0xE0080),  # tag characters
)

CONTROLS: Final[dict[int, str]] = (
    {code: chr(0x2400 + code) for code in range(0x20)}
    | {0x7F: "\u2421"}
    | dict.fromkeys(range(0x80, 0xA0), "\ufffd")
    | dict.fromkeys(_DIRECTION_AND_INVISIBLE, "\ufffd")
)
"""Every code point that can control a terminal or is invisible, and its replacement."""

_LINE: Final[dict[int, str]] = CONTROLS | {0x09: "\t"}
_BLOCK: Final[dict[int, str]] = _LINE | {0x0A: "\n"}


def show_line(text: str) -> str:
    """Filter one line of external text; tabs are preserved, line ends become pictures."""
    return text.translate(_LINE)


def show_block(text: str) -> str:
    """Filter several lines of external text; tabs and line feeds are preserved."""
    return text.translate(_BLOCK)
