"""Whether there is a terminal for a screen."""

import os


class NoTerminal(Exception):
    """There is none; the message says which end is something else, and what works without one."""


def require_terminal() -> None:
    """Make sure that keys can be read and a screen be painted.

    Raises:
        NoTerminal: stdin or stderr, where the screen is painted, is something else.
    """
    for descriptor, name in ((0, "stdin"), (2, "stderr")):
        if not os.isatty(descriptor):
            raise NoTerminal(
                f"the screen needs a terminal, and {name} is none; without a screen, use"
                " codesync run FILE or codesync watch"
            )
