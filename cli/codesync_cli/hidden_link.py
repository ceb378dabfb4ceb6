"""Keeps the tokens of join links out of the list of processes, which every user can read.

A process that was started with a link replaces itself by one without it. The link goes along in the
environment, which only the same user can read, and is removed from there at once.
"""

import json
import os
import sys

from codesync_cli import import_path
from codesync_protocol.links import may_hold_token

PLACEHOLDER = "(link)"
VARIABLE = "CODESYNC_HIDDEN_ARGUMENTS"


def arguments() -> list[str]:
    """Return this process's arguments, after hiding those that may hold a token.

    Returns:
        The arguments as the user gave them.
    """
    given = sys.argv[1:]
    hidden = os.environ.pop(VARIABLE, None)
    if hidden is not None:
        for place, argument in json.loads(hidden):
            given[place] = argument
        return given
    secret = [(place, each) for place, each in enumerate(given) if may_hold_token(each)]
    if secret:
        shown = [PLACEHOLDER if may_hold_token(each) else each for each in given]
        environment = {**import_path.environment(), VARIABLE: json.dumps(secret)}
        os.execve(sys.executable, import_path.command(*shown), environment)
    return given
