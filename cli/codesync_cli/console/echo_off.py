"""Keeps a terminal quiet while nobody reads what is typed there."""

import sys
import termios
from collections.abc import Generator
from contextlib import contextmanager

_MODES = 3
"""Of the list that tcgetattr gives: where the local modes are, ECHO among them."""


@contextmanager
def echo_off() -> Generator[None, None, None]:
    """Echo nothing of what is typed on stdin; what was typed before a failure is forgotten.

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
    """Forget what was typed on stdin, and not read: it was meant for nobody."""
    termios.tcflush(sys.stdin, termios.TCIFLUSH)
