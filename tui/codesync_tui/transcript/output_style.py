"""The style of program output: its source, and its colours from SGR sequences.

SGR (ECMA-48 section 8.3.117, and xterm's colon forms) is the only sequence with an effect. Only
colours and weights are used; blinking and hidden text are ignored.
"""

from enum import IntEnum
from functools import lru_cache
from typing import Final, NamedTuple


class OutputSource(IntEnum):
    """Who wrote a piece of output."""

    STDOUT = 0
    STDERR = 1
    COMPILER = 2
    TYPED = 3
    """Text that a member typed into the program."""
    NOTE = 4
    """A note of the app, e.g. that bytes were skipped."""
    GOOD = 5
    BAD = 6
    ENDED = 7
    """GOOD, BAD and ENDED are verdicts: success, failure, or ended from outside."""
    FIGURES = 8
    """The figures of an ending."""


BOLD: Final = 1
DIM: Final = 2
ITALIC: Final = 4
UNDERLINE: Final = 8
REVERSE: Final = 16
STRIKE: Final = 32

NO_COLOUR: Final = -1
RGB: Final = 1 << 24
"""The flag of 24-bit colours; smaller numbers are indices into the palette of 256."""


class OutputStyle(NamedTuple):
    """The style of a piece of output.

    Attributes:
        source: who wrote it.
        colour: the foreground: NO_COLOUR, a palette index, or RGB | 24 bits.
        background: the background, likewise.
        flags: BOLD, DIM, ITALIC, UNDERLINE, REVERSE and STRIKE, combined.
    """

    source: OutputSource = OutputSource.STDOUT
    colour: int = NO_COLOUR
    background: int = NO_COLOUR
    flags: int = 0


PLAIN: Final = OutputStyle()

_ON: Final = {1: BOLD, 2: DIM, 3: ITALIC, 4: UNDERLINE, 7: REVERSE, 9: STRIKE, 21: UNDERLINE}
_OFF: Final = {22: BOLD | DIM, 23: ITALIC, 24: UNDERLINE, 27: REVERSE, 29: STRIKE}


@lru_cache(maxsize=1024)
def apply_sgr(style: OutputStyle, parameters: str) -> OutputStyle:
    """Return a style after an SGR sequence.

    Args:
        style: the style before the sequence.
        parameters: the text between CSI and "m", e.g. "1;31" or "38:2::255:0:0".

    Returns:
        The style after the sequence; unknown parameters are ignored.
    """
    pending = parameters.split(";")
    pending.reverse()
    while pending:
        head, *sub = pending.pop().split(":")
        code = _number(head)
        if code in (38, 48, 58):
            colour = _colour_from(sub) if sub else _legacy_colour(pending)
            if colour is not None and code != 58:
                style = _coloured(style, colour, background=code == 48)
        elif code == 4 and sub:
            style = style._replace(
                flags=style.flags & ~UNDERLINE if _number(sub[0]) == 0 else style.flags | UNDERLINE
            )
        else:
            style = _apply_simple(style, code)
    return style


def _apply_simple(style: OutputStyle, code: int) -> OutputStyle:
    if code == 0:
        return OutputStyle(style.source)
    if code in _ON:
        return style._replace(flags=style.flags | _ON[code])
    if code in _OFF:
        return style._replace(flags=style.flags & ~_OFF[code])
    for first, index, background in ((30, 0, False), (40, 0, True), (90, 8, False), (100, 8, True)):
        if first <= code < first + 8:
            return _coloured(style, code - first + index, background=background)
    if code in (39, 49):
        return _coloured(style, NO_COLOUR, background=code == 49)
    return style


def _coloured(style: OutputStyle, colour: int, *, background: bool) -> OutputStyle:
    return style._replace(background=colour) if background else style._replace(colour=colour)


def _legacy_colour(pending: list[str]) -> int | None:
    """Consume the parameters of a 38, 48 or 58 that is written with semicolons."""
    kind = _number(pending.pop()) if pending else -1
    wanted = {5: 1, 2: 3}.get(kind, 0)
    taken = [pending.pop() for _ in range(min(wanted, len(pending)))]
    return _colour_from([str(kind), *taken])


def _colour_from(parts: list[str]) -> int | None:
    """Parse a colour: kind (5 palette, 2 RGB), then its numbers; RGB may have a colour space."""
    kind, numbers = _number(parts[0]), [_number(part) for part in parts[1:]]
    if kind == 5 and numbers and 0 <= numbers[0] < 256:
        return numbers[0]
    rgb = numbers[1:4] if len(numbers) > 3 else numbers
    if kind == 2 and len(rgb) == 3 and all(0 <= value < 256 for value in rgb):
        return RGB | rgb[0] << 16 | rgb[1] << 8 | rgb[2]
    return None


def _number(digits: str) -> int:
    """Parse a parameter: 0 if it is empty, -1 if it is invalid."""
    if not digits:
        return 0
    return int(digits) if digits.isdecimal() and digits.isascii() and len(digits) < 6 else -1
