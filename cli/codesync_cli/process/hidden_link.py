"""Removes tokens of join links from the list of processes, which every user can read.

A process that was started with a link replaces itself by one without it. The link goes along in the
environment, which only the same user can read. Until then every user can read it: so this comes
first, and imports only what Python has loaded already.
"""

import os
import sys

from codesync_cli.process import import_path

PLACEHOLDER = "(link)"
VARIABLE = "CODESYNC_HIDDEN_ARGUMENT_"
"""Prefix of an environment variable, followed by the index of the argument."""


def hide() -> None:
    """Replace this process if its arguments may hold a token.

    That is, if there is a `#` in one: `Link.parse` finds tokens behind a `#` and nowhere else. So
    no link is missed because it is spelled in a way that only the parser understands.
    """
    secret = {f"{VARIABLE}{n}": each for n, each in enumerate(sys.argv[1:]) if "#" in each}
    if secret:
        shown = [PLACEHOLDER if "#" in each else each for each in sys.argv[1:]]
        environment = {**import_path.environment(), **secret}
        os.execve(sys.executable, import_path.command(*shown), environment)


def arguments() -> list[str]:
    """Return this process's arguments as the user gave them, with those that `hide` replaced."""
    given = sys.argv[1:]
    return [os.environ.pop(f"{VARIABLE}{n}", each) for n, each in enumerate(given)]
