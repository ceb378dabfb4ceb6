"""A terminal driver that survives the loss of its terminal.

Writes to a closed terminal fail with EIO. This ends the stock driver's writing thread, and the app
then hangs in the full queue before it. Here further writes are ignored, and SIGHUP makes the app
exit as usual.
"""

import os
import signal
from contextlib import suppress
from typing import Any, TextIO, cast

from textual.drivers.linux_driver import LinuxDriver


class _TerminalFile:
    """A terminal's file that ignores writes after the terminal is lost.

    Args:
        file: the terminal.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._is_lost = False

    def write(self, text: str) -> None:
        """Write, unless the terminal is lost."""
        if self._is_lost:
            return
        try:
            self._file.write(text)
        except (OSError, ValueError):
            self._handle_loss()

    def flush(self) -> None:
        """Flush, unless the terminal is lost."""
        if self._is_lost:
            return
        try:
            self._file.flush()
        except (OSError, ValueError):
            self._handle_loss()

    def fileno(self) -> int:
        """Return the descriptor of the terminal."""
        return self._file.fileno()

    def _handle_loss(self) -> None:
        self._is_lost = True
        # Buffered output goes to /dev/null. Otherwise Python fails to flush it at exit, and exits
        # with status 120.
        with suppress(OSError), open(os.devnull, "wb") as void:
            os.dup2(void.fileno(), self._file.fileno())
        # The kernel sends SIGHUP too, but not to processes that left their session.
        os.kill(os.getpid(), signal.SIGHUP)


class ResilientDriver(LinuxDriver):
    """The stock driver, extended to survive the loss of its terminal."""

    def start_application_mode(self) -> None:
        """Start application mode with a file that survives; see LinuxDriver."""
        if not isinstance(self._file, _TerminalFile):
            # Textual declares a whole TextIO, but uses only these methods.
            self._file = cast("Any", _TerminalFile(cast("TextIO", self._file)))
        super().start_application_mode()  # type: ignore[no-untyped-call]  # Textual's omission

    def _run_input_thread(self) -> None:
        # A read error means the same loss; the stock method would print a traceback.
        try:
            self.run_input_thread()
        except OSError:
            with suppress(ProcessLookupError):
                os.kill(os.getpid(), signal.SIGHUP)
