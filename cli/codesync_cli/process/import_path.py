"""Keeps modules of the working directory from being imported, in this process and its children.

A file there can have the name of a module (a student's random.py). It must neither run as a part of
CodeSync nor stop it. Python itself looks there first for `python -m`, and with an empty or relative
entry in PYTHONPATH.

Imports only `os` and `sys`, which are loaded or frozen before the search path matters.
"""

import os
import sys

_VARIABLE = "PYTHONPATH"
_OUR_FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_LIBRARY = os.path.dirname(os.path.abspath(os.__file__))


def command(*arguments: str) -> list[str]:
    """Build the command line of another `codesync` process; run it with `environment()`."""
    return [sys.executable, "-P", "-m", "codesync_cli", *arguments]


def environment() -> dict[str, str]:
    """Copy this process's environment, with PYTHONPATH free of the working directory."""
    copy = dict(os.environ)
    if entries := _entries():
        copy[_VARIABLE] = os.pathsep.join(each for each in entries if not _is_unsafe(each))
    return copy


def exclude_working_directory() -> None:
    """Remove the working directory, and the folder of the start script, from the search path.

    Call it once, at the start of the program, before other modules are imported.
    """
    if not sys.flags.safe_path and sys.path and not _is_needed(sys.path[0]):
        del sys.path[0]  # what Python puts first for `python -m` and for scripts
    unsafe = {os.path.realpath(entry) for entry in _entries() if _is_unsafe(entry)}
    sys.path[:] = [
        entry for entry in sys.path if os.path.realpath(entry) not in unsafe or _is_needed(entry)
    ]
    os.environ.update(environment())  # for children that our other parts start


def _entries() -> list[str]:
    value = os.environ.get(_VARIABLE)
    return value.split(os.pathsep) if value and not sys.flags.ignore_environment else []


def _is_unsafe(entry: str) -> bool:
    """Tell whether an entry of PYTHONPATH depends on the working directory, or is it."""
    if not os.path.isabs(entry):
        return True
    return os.path.realpath(entry) == os.path.realpath(os.curdir) and not _is_needed(entry)


def _is_needed(entry: str) -> bool:
    return os.path.realpath(entry) in (os.path.realpath(_OUR_FOLDER), os.path.realpath(_LIBRARY))
