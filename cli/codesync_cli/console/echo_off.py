"""Turns off the echo of a terminal while no program reads its input."""

import sys
import termios
from collections.abc import Generator
from contextlib import contextmanager

_MODES = 3
"""Index of the local modes, such as ECHO, in the list of tcgetattr."""


@contextmanager
def echo_off() -> Generator[None, None, None]:
    """Do not echo keys on stdin during the block; discard them if the block fails.

    Ctrl+C goes on to interrupt.
    """
    before = termios.tcgetattr(sys.stdin)
    quiet = list(before)
    quiet[_MODES] &= ~termios.ECHO
    termios.tcsetattr(sys.stdin, termios.TCSADRAIN, quiet)
    try:
        yield
    except BaseException:
        discard_typed()
        raise
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def discard_typed() -> None:
    """Discard unread keys of stdin."""
    termios.tcflush(sys.stdin, termios.TCIFLUSH)
