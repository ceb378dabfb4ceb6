"""Names of rooms and members: what is allowed, and how a hostile one is made harmless."""

import re
import unicodedata

from codesync_protocol.limits import NAME_COLUMNS_MAX, ROOM_NAME_PATTERN

_ROOM_NAME = re.compile(ROOM_NAME_PATTERN, re.ASCII)

# Letters, marks, numbers, punctuation and symbols. Not: controls, format characters (bidi
# overrides, zero-width), surrogates, private use, unassigned, and separators other than a space.
_NAME_CATEGORIES = frozenset("LMNPS")

_COMBINING_RUN_MAX = 2


def is_room_name(name: str) -> bool:
    """Tell whether a room may be called so: 3 to 64 of a-z, 0-9 and hyphen."""
    return _ROOM_NAME.fullmatch(name) is not None


def columns(text: str) -> int:
    """Count the terminal columns that printable text takes (East Asian wide characters take 2)."""
    return sum(map(_columns_of, text))


def clean_name(name: str) -> str:
    """Make a member's name fit to be shown anywhere.

    Normalises to NFC, drops what is not printable or changes the direction of text, folds white
    space, and cuts at NAME_COLUMNS_MAX columns.

    Args:
        name: whatever somebody calls themself.

    Returns:
        A printable name; empty when nothing printable was in it.
    """
    # Normalising is superlinear on hostile input; no name of 32 columns needs more than this.
    bounded = name[: NAME_COLUMNS_MAX * 8]
    kept: list[str] = []
    width = combining = 0
    for char in " ".join(unicodedata.normalize("NFC", bounded).split()):
        if char != " " and unicodedata.category(char)[0] not in _NAME_CATEGORIES:
            continue
        combining = combining + 1 if _columns_of(char) == 0 else 0
        width += _columns_of(char)
        if combining > _COMBINING_RUN_MAX:
            continue
        if width > NAME_COLUMNS_MAX:
            break
        kept.append(char)
    return " ".join("".join(kept).split())


def distinct_name(name: str, taken: set[str]) -> str:
    """Tell a newcomer apart from those present by adding a number.

    Args:
        name: a clean name.
        taken: the names in use.

    Returns:
        The name itself, or the name with the first free number from 2 behind it.
    """
    if name not in taken:
        return name
    number = 2
    while (candidate := f"{name}-{number}") in taken:
        number += 1
    return candidate


def _columns_of(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
