"""Completes paths as a shell does. It reads directories, and so it blocks."""

import os
from itertools import islice

ENTRIES_MAX = 10_000
"""How many entries of a folder are read."""


def complete_path(typed: str) -> tuple[str, list[str]]:
    """Complete a path as far as it is unambiguous.

    Args:
        typed: the beginning of a path; "~" is the home directory.

    Returns:
        The completed path, and the names that could follow; folders end in a slash. Hidden names
        are included only if the typed name begins with a dot.
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
