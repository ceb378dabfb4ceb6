"""Writing a program's bytes to our stdout or stderr, without blocking the loop on a slow reader."""

import asyncio
import codecs
import os
import re
import select
import stat

from codesync_protocol.printable import CONTROLS

PIPE_BUF = 4096
"""A pipe that select(2) calls writable takes this much without blocking (pipe(7))."""

_SGR = re.compile(r"(\x1b\[[0-9;:]{0,64}m)")
_SGR_BEGUN = re.compile(r"\x1b(\[[0-9;:]{0,64})?\Z")
_KEPT = {ord(char): char for char in "\t\n\r\b"}
_TRANSLATION = CONTROLS | _KEPT
_RESET = b"\x1b[0m"


class OutputClosed(Exception):
    """Whoever read our output does not want any more of it."""


class Pipe:
    """One of our output descriptors.

    Args:
        descriptor: 1 or 2.
        raw: pass bytes to a terminal as they are. Otherwise only colours and simple movements
            within the line get through to a terminal; everywhere else bytes are always exact.
    """

    def __init__(self, descriptor: int, *, raw: bool) -> None:
        self._descriptor = descriptor
        self._sanitise = os.isatty(descriptor) and not raw
        mode = os.fstat(descriptor).st_mode
        self._waits = not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))
        self._decoder = TerminalText()

    async def write(self, data: bytes) -> None:
        """Write all of it.

        Raises:
            OutputClosed: nobody reads any more.
        """
        await self._write(self._decoder.feed(data) if self._sanitise else data)

    async def finish(self) -> None:
        """Write what was held back, and leave a terminal's colours as they were."""
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
    """Makes a program's bytes fit for a terminal: text, tabs, line ends and colours, no more."""

    def __init__(self) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._held = ""
        self._coloured = False

    def feed(self, data: bytes) -> bytes:
        """Take bytes in any pieces; give what may be written."""
        text = self._held + self._decode(data)
        # The beginning of a sequence at the end may become a colour with what follows.
        begun = _SGR_BEGUN.search(text)
        cut = begun.start() if begun else len(text)
        text, self._held = text[:cut], text[cut:]
        return self._clean(text)

    def finish(self) -> bytes:
        """Give what was held back."""
        text, self._held = self._held + self._decode(b"", True), ""
        return self._clean(text) + (_RESET if self._coloured else b"")

    def _clean(self, text: str) -> bytes:
        pieces = _SGR.split(text)  # odd ones are the sequences
        self._coloured = self._coloured or len(pieces) > 1
        return "".join(
            piece if index % 2 else piece.translate(_TRANSLATION)
            for index, piece in enumerate(pieces)
        ).encode(errors="replace")
