"""Decodes one output stream of a program into styled text."""

import codecs
from collections.abc import Iterator
from itertools import chain

from codesync_tui.transcript.escape_sequences import (
    CarriageReturn,
    SgrToken,
    TextToken,
    Token,
    Tokenizer,
)
from codesync_tui.transcript.output_style import OutputSource, OutputStyle, apply_sgr

_CONTINUATION = bytes(range(0x80, 0xC0))


class StreamDecoder:
    """Decodes one output stream of a program.

    Code points and escape sequences may be split between calls; bytes that are not UTF-8 become
    U+FFFD.

    Args:
        source: the stream.
    """

    def __init__(self, source: OutputSource) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._tokenizer = Tokenizer()
        self._style = OutputStyle(source)
        self._after_hole = False

    def feed(self, data: bytes) -> Iterator[tuple[str | CarriageReturn, OutputStyle]]:
        """Decode the next bytes.

        Yields:
            Text (which may contain control characters, line feeds and tabs) or a carriage return,
            each with its style.
        """
        if self._after_hole:
            # Drop the rest of a code point whose beginning is missing, without a replacement.
            data = data.lstrip(_CONTINUATION)
            self._after_hole = not data
        return self._with_styles(self._tokenizer.feed(self._decoder.decode(data)))

    def finish(self) -> Iterator[tuple[str | CarriageReturn, OutputStyle]]:
        """Return what was held back, since nothing more comes."""
        rest = self._tokenizer.feed(self._decoder.decode(b"", final=True))
        return self._with_styles(chain(rest, self._tokenizer.finish()))

    def skip(self) -> Iterator[tuple[str | CarriageReturn, OutputStyle]]:
        """Note that bytes are missing; return what was held back."""
        held_back = list(self.finish())
        self._decoder.reset()
        self._after_hole = True
        return iter(held_back)

    def _with_styles(
        self, tokens: Iterator[Token]
    ) -> Iterator[tuple[str | CarriageReturn, OutputStyle]]:
        for token in tokens:
            match token:
                case TextToken(text):
                    yield text, self._style
                case SgrToken(parameters):
                    self._style = apply_sgr(self._style, parameters)
                case CarriageReturn():
                    yield token, self._style
