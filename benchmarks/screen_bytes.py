"""Counts the bytes that the real program writes to a pseudo-terminal."""

import asyncio
import fcntl
import os
import struct
import sys
import termios
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

COLUMNS, LINES = 80, 24

QUIET_SECONDS = 0.25
"""Seconds without output after which the screen is complete."""


class ScreenBytes:
    """A program's terminal.

    Args:
        master: the master side of the pseudo-terminal.

    Attributes:
        written: all bytes that the program has written.
    """

    def __init__(self, master: int) -> None:
        self.written = bytearray()
        self._master = master
        self._moved = asyncio.Event()
        asyncio.get_running_loop().add_reader(master, self._read)

    def _read(self) -> None:
        with suppress(OSError):
            self.written += os.read(self._master, 65_536)
        self._moved.set()

    def press(self, keys: bytes) -> None:
        """Send the bytes of keys."""
        os.write(self._master, keys)

    async def until(self, text: str, seconds: float = 30.0) -> None:
        """Wait until a text was written."""
        async with asyncio.timeout(seconds):
            while text.encode() not in self.written:
                self._moved.clear()
                await self._moved.wait()

    async def quiet(self) -> int:
        """Wait until the output stops; return the number of written bytes."""
        while True:
            self._moved.clear()
            try:
                async with asyncio.timeout(QUIET_SECONDS):
                    await self._moved.wait()
            except TimeoutError:
                return len(self.written)


@asynccontextmanager
async def screen(*arguments: str) -> AsyncGenerator[ScreenBytes, None]:
    """Run `codesync` with arguments on a terminal of 80x24 during the block."""
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    env = {name: value for name, value in os.environ.items() if name not in ("TMUX", "NO_COLOR")}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-P", "-m", "codesync_cli", *arguments),
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        env={**env, "TERM": "xterm-256color", "COLORTERM": "truecolor"},
    )
    try:
        yield ScreenBytes(master)
    finally:
        asyncio.get_running_loop().remove_reader(master)
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        os.close(master)
        os.close(slave)
