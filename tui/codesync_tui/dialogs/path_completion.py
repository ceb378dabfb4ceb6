"""Completes paths as a shell does. It reads directories, and so it blocks."""

import os
from itertools import islice

ENTRIES_MAX = 10_000
"""Entries of a folder that are looked at: enough for people, and over soon."""


def complete_path(typed: str) -> tuple[str, list[str]]:
    """Complete a path as far as it is unambiguous.

    Args:
        typed: a path, or the beginning of one; "~" is the home of whoever runs us.

    Returns:
        The path, longer or as it was, and what it could go on with: names of files, and of folders
        with a slash behind them. Hidden ones only if the name that was begun is one.
    """
    if typed == "~":
        return "~/", ["~/"]
    folder, begun = os.path.split(typed)
    try:
        with os.scandir(os.path.expanduser(folder) or ".") as entries:
            names = sorted(
                entry.name + "/" * entry.is_dir()
                for entry in islice(entries, ENTRIES_MAX)
                if entry.name.startswith(begun or entry.name.lstrip("."))
                and entry.name.isprintable()
            )
    except (OSError, ValueError):
        return typed, []
    if not names:
        return typed, []
    certain = os.path.commonprefix(names)  # noqa: RUF071 - of names, not of paths
    return os.path.join(folder, certain), names
