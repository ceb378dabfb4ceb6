"""One stream of one program: bytes in pieces to tokens with looks."""

import codecs
from collections.abc import Iterator
from itertools import chain

from codesync_tui.transcript.look import Look, Source, apply_sgr
from codesync_tui.transcript.sequences import Carriage, Sgr, Text, Token, Tokenizer

_CONTINUATION = bytes(range(0x80, 0xC0))


class Stream:
    """One stream of one program.

    Code points and escape sequences may be split over pieces; bytes that are not UTF-8 become
    U+FFFD.

    Args:
        source: which stream it is.
    """

    def __init__(self, source: Source) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._tokenizer = Tokenizer()
        self._look = Look(source)
        self._after_hole = False

    def feed(self, data: bytes) -> Iterator[tuple[str | Carriage, Look]]:
        """Take the next bytes.

        Yields:
            Text (with stray controls, line feeds and tabs in it) or a carriage return, each with
            the look that holds there.
        """
        if self._after_hole:
            # The rest of a code point whose beginning is in the hole is not worth a replacement.
            data = data.lstrip(_CONTINUATION)
            self._after_hole = not data
        return self._dress(self._tokenizer.feed(self._decoder.decode(data)))

    def finish(self) -> Iterator[tuple[str | Carriage, Look]]:
        """Nothing more comes: give out what was held back."""
        rest = self._tokenizer.feed(self._decoder.decode(b"", final=True))
        return self._dress(chain(rest, self._tokenizer.finish()))

    def skip(self) -> Iterator[tuple[str | Carriage, Look]]:
        """Bytes are missing here: what was held back will never be whole."""
        held_back = list(self.finish())
        self._decoder.reset()
        self._after_hole = True
        return iter(held_back)

    def _dress(self, tokens: Iterator[Token]) -> Iterator[tuple[str | Carriage, Look]]:
        for token in tokens:
            match token:
                case Text(text):
                    yield text, self._look
                case Sgr(parameters):
                    self._look = apply_sgr(self._look, parameters)
                case Carriage():
                    yield token, self._look
