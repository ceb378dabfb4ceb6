"""A pseudo-terminal with a program, which records every byte."""

import fcntl
import os
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

SECONDS = 60.0

TERMINAL = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}


def _environment() -> dict[str, str]:
    """Ours, less what would speak of another terminal."""
    ours = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES", "TMUX")}
    return {**ours, **TERMINAL}


class PseudoTerminal:
    """A pseudo-terminal with a program on it.

    Attributes:
        written: the bytes that the program has written to it so far.
        process: the program.
    """

    def __init__(
        self,
        arguments: list[str],
        columns: int,
        lines: int,
        env: dict[str, str],
        cwd: Path | None,
    ) -> None:
        self.written = b""
        self._master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.attributes = termios.tcgetattr(slave)
        self.process = subprocess.Popen(
            [sys.executable, "-W", "always::ResourceWarning", *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env={**_environment(), **env},
            cwd=cwd or Path(__file__).parents[2],
        )
        self._slave = slave

    def read_until(self, text: str, seconds: float = SECONDS) -> None:
        """Read until the program has written a text.

        Raises:
            TimeoutError: it did not.
        """
        deadline = time.monotonic() + seconds
        while text.encode() not in self.written:
            if time.monotonic() > deadline or (
                not self._read(0.5) and self.process.poll() is not None
            ):
                raise TimeoutError(f"{text!r} never came; the last bytes: {self.written[-500:]!r}")

    def read_to_the_end(self, seconds: float = SECONDS) -> int:
        """Read until the program has ended.

        Returns:
            Its exit status.
        """
        deadline = time.monotonic() + seconds
        while self.process.poll() is None:
            if time.monotonic() > deadline:
                raise TimeoutError(f"it does not end; the last bytes: {self.written[-500:]!r}")
            self._read(0.05)
        while self._read(0.05):
            pass
        return self.process.returncode

    def press(self, keys: bytes) -> None:
        """Send what keys send."""
        os.write(self._master, keys)

    def hang_up(self) -> None:
        """Take the terminal away from under the program."""
        os.close(self._master)
        os.close(self._slave)
        self._master = self._slave = -1

    def is_restored(self) -> bool:
        """Whether the terminal's attributes are what they were."""
        return termios.tcgetattr(self._slave) == self.attributes

    def close(self) -> None:
        """End what still runs."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for descriptor in (self._master, self._slave):
            if descriptor >= 0:
                with suppress(OSError):
                    os.close(descriptor)

    def _read(self, seconds: float) -> bool:
        if not select.select([self._master], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self._master, 65_536)
        except OSError:
            return False
        self.written += data
        return bool(data)


@contextmanager
def pseudo_terminal(
    *arguments: str, columns: int = 80, lines: int = 24, cwd: Path | None = None, **env: str
) -> Generator[PseudoTerminal, None, None]:
    """Run Python with arguments on a pseudo-terminal."""
    terminal = PseudoTerminal(list(arguments), columns, lines, env, cwd)
    try:
        yield terminal
    finally:
        terminal.close()
