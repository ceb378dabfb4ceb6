"""The input that the program has not read yet."""

import os

from codesync_server.executors.runner.wire import FRAME_MAX

END_OF_INPUT = b"\x04"  # ^D ends input only at the start of a line; elsewhere it ends the line


class Stdin:
    """The program's input, from the server's frames to its descriptor.

    Attributes:
        fd: where the program reads from, once it runs and until it stops reading.
        taken: how many bytes it has taken, or will never take.
    """

    def __init__(self, tty: bool) -> None:
        self.fd: int | None = None
        self.taken = 0
        self._tty = tty
        self._pending = bytearray()
        self._ended = False
        self._last = b"\n"

    @property
    def wants_to_write(self) -> bool:
        """Whether there is something to give to the program."""
        return self.fd is not None and bool(self._pending or self._ended)

    def feed(self, data: bytes) -> None:
        """Add input behind the rest."""
        if self._ended:
            self.taken += len(data)
        else:
            self._pending += data

    def end(self) -> None:
        """No more input will come."""
        self._ended = True

    def write(self) -> None:
        """Give the program what it takes now."""
        if self.fd is None:
            return
        try:
            if self._pending:
                count = os.write(self.fd, self._pending[:FRAME_MAX])
                self._last = bytes(self._pending[count - 1 : count])
                del self._pending[:count]
                self.taken += count
            if self._ended and not self._pending:
                if self._tty:
                    os.write(self.fd, END_OF_INPUT * (1 if self._last == b"\n" else 2))
                self.close()
        except BlockingIOError:
            pass
        except OSError:
            self.close()

    def close(self) -> None:
        """The program takes no more: what is pending counts as taken, so that nobody waits."""
        if self.fd is not None:
            os.close(self.fd)
            self.fd = None
        self.taken += len(self._pending)
        self._pending.clear()
        self._ended = True
