"""Prints data to stdout and messages to stderr. External text is filtered."""

import os
import sys
from typing import NoReturn

from codesync_cli.exit_codes import ExitCode
from codesync_protocol.printable import show_block, show_line


def print_line(text: str = "") -> None:
    """Print one line to stdout; external parts cannot start another line.

    Raises:
        SystemExit: the reader is gone (`| head`).
    """
    _print(show_line(text))


def print_block(text: str) -> None:
    """Print own lines, or external text of several lines, to stdout.

    Raises:
        SystemExit: the reader is gone.
    """
    _print(show_block(text))


def _print(text: str) -> None:
    try:
        print(text, flush=True)
    except BrokenPipeError:
        end_unread()


def end_unread() -> NoReturn:
    """End the command, because the reader of its stdout is gone.

    Raises:
        SystemExit: always; open blocks are left in the usual way.
    """
    # Otherwise Python would write the buffer at exit, and fail again.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise SystemExit(ExitCode.UNREAD) from None


def print_note(text: str) -> None:
    """Print a line to stderr, after the name of the command."""
    print(f"codesync: {show_line(text)}", file=sys.stderr, flush=True)


def print_error(reason: str, remedy: str = "") -> None:
    """Print a problem to stderr, followed by a remedy."""
    print_note(reason)
    if remedy:
        print(f"          {show_line(remedy)}", file=sys.stderr, flush=True)
