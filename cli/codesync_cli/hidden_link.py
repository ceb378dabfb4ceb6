"""Keeps a join link's token out of the list of processes, which everybody on a machine can read.

A link on the command line is taken off it by running ourselves again without it; it goes along in
the environment, which only the same user can read, and is taken out of there at once.
"""

import os
import re
import sys

from codesync_cli import import_path

PLACEHOLDER = "(link)"
VARIABLE = "CODESYNC_HIDDEN_LINK"

_LINK = re.compile(r"wss?://\S+#\S+")


def arguments() -> list[str]:
    """Give this process's arguments; a link among them is no longer visible to others.

    Returns:
        The arguments as the user gave them.
    """
    given = sys.argv[1:]
    hidden = os.environ.pop(VARIABLE, None)
    if hidden is not None:
        return [argument.replace(PLACEHOLDER, hidden) for argument in given]
    for index, argument in enumerate(given):
        if argument == "--":  # what follows is a program's business
            break
        if match := _LINK.search(argument):
            given[index] = argument.replace(match[0], PLACEHOLDER)
            environment = {**import_path.environment(), VARIABLE: match[0]}
            os.execve(sys.executable, import_path.command(*given), environment)
    return given
