"""The command's voice: stdout is data, stderr is talk. Foreign text is made harmless on the way."""

import os
import sys
from typing import NoReturn

from codesync_cli.exit_codes import ExitCode
from codesync_protocol.printable import show_block, show_line


def print_line(text: str = "") -> None:
    """Print one line, which may have foreign parts, to stdout; no part of it makes another line.

    Raises:
        SystemExit: nobody reads it any more (`| head`).
    """
    _print(show_line(text))


def print_block(text: str) -> None:
    """Print lines of ours, or foreign text that is meant to have several, to stdout.

    Raises:
        SystemExit: nobody reads it any more.
    """
    _print(show_block(text))


def _print(text: str) -> None:
    try:
        print(text, flush=True)
    except BrokenPipeError:
        end_unread()


def end_unread() -> NoReturn:
    """End as any filter does when nobody reads its stdout any more.

    Raises:
        SystemExit: always; through all that is open, which is closed on the way.
    """
    # What is in the buffer still would be written at the end, and fail again.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise SystemExit(ExitCode.UNREAD) from None


def print_note(text: str) -> None:
    """Print a line to stderr, with our name before it."""
    print(f"codesync: {show_line(text)}", file=sys.stderr, flush=True)


def print_error(reason: str, remedy: str = "") -> None:
    """Print to stderr what is wrong, and below it how to mend it."""
    print_note(reason)
    if remedy:
        print(f"          {show_line(remedy)}", file=sys.stderr, flush=True)
