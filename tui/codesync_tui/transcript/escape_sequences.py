"""Finds escape sequences in output, also those that arrive in pieces.

The grammar is ECMA-48 in its 7-bit and 8-bit forms, with bounds. A sequence that is too long or
contains a control character is shown as text, so that an endless sequence cannot hide output.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

PARAMETERS_MAX: Final = 64
"""Characters between CSI and the end of a control sequence."""

STRING_MAX: Final = 1024
"""Characters inside OSC, DCS, SOS, PM and APC."""

_PRINTABLE = r"[^\x00-\x1f\x7f-\x9f]"

_WHOLE = rf"""
    (?:\x1b\[|\x9b)
        (?P<parameters>[0-?]{{0,{PARAMETERS_MAX}}}) (?P<between>[ -/]{{0,4}}) (?P<final>[@-~])
  | (?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f]) {_PRINTABLE}{{0,{STRING_MAX}}} (?:\x07|\x1b\\|\x9c)
  | \x1b [()*+\#%] [0-9A-Za-z@]
  | \x1b [78=>cDEHMNOZ\\]
"""

_ARRIVING = rf"""
    (?:\x1b\[|\x9b) [0-?]{{0,{PARAMETERS_MAX}}} [ -/]{{0,4}} \Z
  | (?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f]) {_PRINTABLE}{{0,{STRING_MAX}}} \x1b? \Z
  | \x1b [()*+\#%]? \Z
"""

_TOKEN = re.compile(
    rf"(?P<whole>{_WHOLE}) | (?P<arriving>{_ARRIVING}) | (?P<carriage>\r)", re.VERBOSE
)

_SGR_PARAMETERS = re.compile(r"[0-9;:]*")


class TextToken(NamedTuple):
    """Characters to show; they may include control characters, line feeds and tabs."""

    text: str


class SgrToken(NamedTuple):
    """A change of the style by an SGR sequence."""

    parameters: str


class CarriageReturn(NamedTuple):
    """A carriage return."""


Token = TextToken | SgrToken | CarriageReturn


class Tokenizer:
    """Splits text into tokens; how the text is divided into pieces makes no difference."""

    def __init__(self) -> None:
        self._arriving = ""

    def feed(self, piece: str) -> Iterator[Token]:
        """Tokenize the next piece.

        Args:
            piece: the next characters.

        Yields:
            The tokens that are complete. Escape sequences other than SGR are dropped.
        """
        text = self._arriving + piece
        self._arriving = ""
        shown = 0
        for match in _TOKEN.finditer(text):
            if match.start() > shown:
                yield TextToken(text[shown : match.start()])
            shown = match.end()
            if match["carriage"]:
                yield CarriageReturn()
            elif match["arriving"]:
                self._arriving = match["arriving"]
            elif match["final"] == "m" and _is_sgr(match["parameters"], match["between"]):
                yield SgrToken(match["parameters"])
        if shown < len(text):
            yield TextToken(text[shown:])

    def finish(self) -> Iterator[Token]:
        """Yield an incomplete sequence as text, since nothing more comes."""
        if self._arriving:
            yield TextToken(self._arriving)
            self._arriving = ""


def _is_sgr(parameters: str, between: str) -> bool:
    """Return whether a sequence is SGR, and not a private one such as modifyOtherKeys."""
    return not between and _SGR_PARAMETERS.fullmatch(parameters) is not None
