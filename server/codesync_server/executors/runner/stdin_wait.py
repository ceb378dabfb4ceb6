"""Asks the kernel whether the program waits for input."""

import contextlib
import os

from codesync_server.executors.runner.processes import descendants

# proc(5): /proc/PID/task/TID/syscall begins with the number of the system call that a thread is
# blocked in, then its arguments in hexadecimal.
_READS = {"x86_64": ("0", "19"), "aarch64": ("63", "65")}
_EPOLL_WAITS = {"x86_64": ("232", "281", "441"), "aarch64": ("22", "441")}
_SELECTS = {"x86_64": ("23", "270"), "aarch64": ("72",)}

POLL_SECONDS = 0.2
"""Between two checks, and after the program's last read or write, which shows that it is busy."""

WAITING_POLL_SECONDS = 1.0
"""Between two checks of a program that waits already; its next byte ends the waiting anyway."""


class StdinWait:
    """Detects whether one program waits for input.

    Attributes:
        waits: whether it waited for input at the last check.
    """

    def __init__(self, stdin_path: str, now: float) -> None:
        """Begin.

        Args:
            stdin_path: what the program's standard input is, as readlink(2) in /proc names it.
            now: monotonic seconds.
        """
        self.waits = False
        self._path = stdin_path
        self._machine = os.uname().machine
        self._next_check = now + POLL_SECONDS

    def record_io(self, now: float) -> None:
        """Record that the program read or wrote something."""
        self.waits = False
        self._next_check = now + POLL_SECONDS

    def check(self, now: float) -> None:
        """Check the program if a check is due."""
        if now < self._next_check:
            return
        self.waits = any(self._waits(pid) for pid in descendants(os.getpid()))
        self._next_check = now + (WAITING_POLL_SECONDS if self.waits else POLL_SECONDS)

    def _waits(self, pid: int) -> bool:
        with contextlib.suppress(OSError):
            for thread in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{thread}/syscall") as file:
                    call, *arguments = file.read().split()
                if arguments and self._is_about_stdin(pid, call, int(arguments[0], 16)):
                    return True
        return False

    def _is_about_stdin(self, pid: int, call: str, argument: int) -> bool:
        if call in _READS.get(self._machine, ()):
            return self._is_stdin(pid, argument)
        if call in _SELECTS.get(self._machine, ()):
            # The sets are in the program's memory; what waits for its highest descriptor only is
            # what GNU readline does.
            return self._is_stdin(pid, argument - 1)
        if call in _EPOLL_WAITS.get(self._machine, ()):
            with open(f"/proc/{pid}/fdinfo/{argument}") as file:
                watched = [line.split()[1] for line in file if line.startswith("tfd:")]
            return any(self._is_stdin(pid, int(fd)) for fd in watched)
        return False

    def _is_stdin(self, pid: int, fd: int) -> bool:
        with contextlib.suppress(OSError):
            return os.readlink(f"/proc/{pid}/fd/{fd}") == self._path
        return False
