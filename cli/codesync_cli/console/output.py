"""Writes output of programs to stdout or stderr without blocking the event loop."""

import asyncio
import codecs
import os
import re
import select
import stat

from codesync_protocol.printable import CONTROLS

PIPE_BUF = 4096
"""Bytes that a pipe accepts without blocking if select(2) calls it writable (pipe(7))."""

_SGR = re.compile(r"(\x1b\[[0-9;:]{0,64}m)")
_SGR_BEGUN = re.compile(r"\x1b(\[[0-9;:]{0,64})?\Z")
_TEXT = CONTROLS | {ord(char): char for char in "\t\n"}
_TEXT_THAT_MOVES = CONTROLS | {ord(char): char for char in "\t\n\r\b"}
_EXTENDED = ("38", "48", "58")
_RESET = b"\x1b[0m"


class OutputClosed(Exception):
    """The reader of the output is gone."""


class Pipe:
    """One output descriptor.

    Args:
        descriptor: 1 or 2.
        raw: write bytes to a terminal unchanged. Otherwise only text and the sequences below get
            through to a terminal; everywhere else bytes are always exact.
        moves: pass simple movements within the line.
        colours: pass colours and weights.
    """

    def __init__(
        self, descriptor: int, *, raw: bool, moves: bool = True, colours: bool = True
    ) -> None:
        self._descriptor = descriptor
        self._sanitise = os.isatty(descriptor) and not raw
        mode = os.fstat(descriptor).st_mode
        self._waits = not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))
        self._decoder = TerminalText(moves=moves, colours=colours)

    async def write(self, data: bytes) -> None:
        """Write all data.

        Raises:
            OutputClosed: the reader is gone.
        """
        await self._write(self._decoder.feed(data) if self._sanitise else data)

    async def finish(self) -> None:
        """Write delayed data, and reset the colours of a terminal."""
        if self._sanitise:
            await self._write(self._decoder.finish())

    async def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            if self._waits:
                await self._writable()
            try:
                count = os.write(self._descriptor, view[:PIPE_BUF])
            except BlockingIOError:
                continue  # somebody else made it non-blocking; wait again
            except OSError as error:
                raise OutputClosed(error.strerror) from None
            view = view[count:]

    async def _writable(self) -> None:
        if select.select([], [self._descriptor], [], 0)[1]:
            return
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()
        loop.add_writer(self._descriptor, ready.set)
        try:
            await ready.wait()
        finally:
            loop.remove_writer(self._descriptor)


class TerminalText:
    """Filters external bytes for a terminal: passes text, tabs, line ends, and selected sequences.

    Args:
        moves: carriage returns and backspaces, too; whoever prints its own program wants them, in
            what others wrote they hide something.
        colours: colours and weights, too; never what makes text invisible.
    """

    def __init__(self, *, moves: bool = True, colours: bool = True) -> None:
        self._translation = _TEXT_THAT_MOVES if moves else _TEXT
        self._colours = colours
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._held = ""
        self._coloured = False

    def feed(self, data: bytes) -> bytes:
        """Add bytes; return the filtered text that may be written."""
        text = self._held + self._decode(data)
        # The beginning of a sequence may become a colour with the next bytes.
        begun = _SGR_BEGUN.search(text)
        cut = begun.start() if begun else len(text)
        text, self._held = text[:cut], text[cut:]
        return self._clean(text)

    def finish(self) -> bytes:
        """Return delayed text."""
        text, self._held = self._held + self._decode(b"", True), ""
        return self._clean(text) + (_RESET if self._coloured else b"")

    def _clean(self, text: str) -> bytes:
        pieces = _SGR.split(text) if self._colours else [text]  # odd ones are the sequences
        self._coloured = self._coloured or len(pieces) > 1
        return "".join(
            ("" if _hides(piece) else piece) if index % 2 else piece.translate(self._translation)
            for index, piece in enumerate(pieces)
        ).encode(errors="replace")


def _hides(sequence: str) -> bool:
    """Tell whether a colour sequence hides the following text (SGR 8, ECMA-48 8.3.117)."""
    parameters = iter(sequence[2:-1].replace(":", ";").split(";"))
    for each in parameters:
        if each in _EXTENDED:  # 5 and a number, or 2 and three of them, mean no 8 of their own
            for _ in range({"5": 1, "2": 3}.get(next(parameters, ""), 0)):
                next(parameters, "")
        elif each.lstrip("0") == "8":
            return True
    return False
