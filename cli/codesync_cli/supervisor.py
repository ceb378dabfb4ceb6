"""Runs the screen in a child process; after a crash, restores the terminal and offers to rejoin.

A native library can end the screen with a signal at any moment. Then no code of the screen runs, so
its parent does what is necessary. The parent has the room's server, too, if there is one of ours:
programs run on when the screen crashes.
"""

import ctypes
import faulthandler
import os
import select
import signal
import sys
import tempfile
import termios
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO, Any

from codesync_cli.console.echo_off import echo_off
from codesync_cli.console.messages import print_error, print_note
from codesync_cli.local_server.room_server import RoomServer
from codesync_cli.process.crash_report import save

RESTORE = (
    "\x1b[?2026l\x1b[?2004l\x1b[?7h\x1b[?2048l"  # updates, paste, wrapping, resize reports
    "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?1016l"  # the mouse
    "\x1b[<u\x1b[?1049l\x1b[?25h\x1b[?1004l\x1b[0m\r"  # keys, alternate screen, cursor, focus
)
"""Sequences that end all modes of the terminal that the screen starts."""

_FORWARDED = (signal.SIGTERM, signal.SIGHUP)
_DELIBERATE = {signal.SIGTERM, signal.SIGHUP, signal.SIGINT}
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36

_ORPHANS_SECONDS = 10.0
"""Seconds that children of a crashed screen have to end by themselves."""

_POLL_SECONDS = 0.05


def supervise(show: Callable[[], int], *, rejoin: str, server: RoomServer | None = None) -> int:
    """Run the screen until its user leaves; after a crash, offer to run it again.

    Call it before any thread is started: the screen runs in a fork of this process, where this
    function returns what `show` returns.

    Args:
        show: runs the screen and returns its exit status.
        rejoin: the command that opens the room again.
        server: the server that the screen needs; it is ended with the last screen.

    Returns:
        The exit status; 128+n if signal n ended the screen.
    """
    before = termios.tcgetattr(0)
    parent = os.getpid()
    # Children of a crashed screen become children of this process.
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)
    try:
        return _show_until_left(show, rejoin, server, before)
    finally:
        if server is not None and os.getpid() == parent:
            _end(server)


def _show_until_left(
    show: Callable[[], int], rejoin: str, server: RoomServer | None, before: list[Any]
) -> int:
    while True:
        server_pid = server.start() if server is not None else 0
        with tempfile.TemporaryFile() as trace:
            child = _fork()
            if child == 0:
                if server is not None:
                    server.forked()
                faulthandler.enable(trace)
                return show()
            status = _wait(child)
            if status >= 0:
                return status
            number = signal.Signals(-status)
            _restore(before)
            if number in _DELIBERATE:
                return 128 + number
            if not _confirmed(_describe(number, trace), rejoin):
                return 128 + number
        _end_orphans(server_pid)


def _fork() -> int:
    """Fork; the child ends with its parent and handles signals as usual."""
    for number in (*_FORWARDED, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)  # until there is a child that gets them
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGHUP))
        for number in _FORWARDED:
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGHUP)
    return child


def _wait(child: int) -> int:
    """Wait for the child's end, forward signals to it, and stop and continue with it.

    Returns:
        Its exit status; -n if signal n ended it.
    """

    def forward(number: int, frame: object) -> None:
        os.kill(child, number)

    for number in _FORWARDED:
        signal.signal(number, forward)
    while True:
        _, status = os.waitpid(child, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            break
        os.kill(os.getpid(), signal.SIGSTOP)
        os.kill(child, signal.SIGCONT)
    for number in _FORWARDED:
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    return os.waitstatus_to_exitcode(status)


def _restore(attributes: list[Any]) -> None:
    """End the terminal's modes; keys and replies that were not read are discarded."""
    with suppress(OSError, termios.error):  # the terminal is gone
        os.write(2, RESTORE.encode())
        termios.tcsetattr(0, termios.TCSAFLUSH, attributes)


def _describe(number: signal.Signals, trace: IO[bytes]) -> str:
    trace.seek(0)
    file = save(trace.read())
    where = f"; {file} says where" if file is not None else ""
    return f"the screen crashed ({number.name}){where}"


def _confirmed(what: str, rejoin: str) -> bool:
    """Report the crash, and ask whether to open the room again."""
    try:
        print_note(what)
        print_error("press Enter to open the room again, ctrl+C to leave", f"later: {rejoin}")
        _wait_for_input()
        return sys.stdin.readline() != ""
    except KeyboardInterrupt:
        return False


def _wait_for_input() -> None:
    """Wait until stdin has input or a signal arrives.

    A signal just before a read would be handled only after it. A byte that remains in a pipe ends
    the wait at once.
    """
    receiver, sender = os.pipe()
    os.set_blocking(sender, False)
    before = signal.set_wakeup_fd(sender)
    try:
        select.select([sys.stdin, receiver], [], [])
    finally:
        signal.set_wakeup_fd(before)
        os.close(receiver)
        os.close(sender)


def _end(server: RoomServer) -> None:
    with suppress(OSError, termios.error), ExitStack() as stack:  # the terminal may be gone
        with suppress(OSError, termios.error):
            stack.enter_context(echo_off())
        server.end()


def _end_orphans(server: int) -> None:
    """Wait for the children of the screen, and terminate them if they take too long.

    Args:
        server: the process id of the server, which continues; 0 if there is none.
    """
    deadline = time.monotonic() + _ORPHANS_SECONDS
    while orphans := _children() - {server}:
        for pid in orphans:
            with suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        if time.monotonic() > deadline:
            for pid in orphans:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGTERM)
            deadline += _ORPHANS_SECONDS
        time.sleep(_POLL_SECONDS)


def _children() -> set[int]:
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    return {int(pid) for pid in children.read_text().split()} if children.exists() else set()
