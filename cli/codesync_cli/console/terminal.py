"""Checks that there is a terminal for a screen."""

import os


class NoTerminal(Exception):
    """There is no terminal; the message states the reason and alternatives."""


def require_terminal() -> None:
    """Check that keys can be read and a screen can be painted.

    Raises:
        NoTerminal: stdin, or stderr where the screen is painted, is no terminal.
    """
    for descriptor, name in ((0, "stdin"), (2, "stderr")):
        if not os.isatty(descriptor):
            raise NoTerminal(
                f"the screen needs a terminal, and {name} is none; without a screen, use"
                " codesync run FILE or codesync watch"
            )
