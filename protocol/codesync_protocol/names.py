"""Rules for names of rooms, and a filter for names of members."""

import re
import unicodedata
from itertools import count

from codesync_protocol.limits import NAME_COLUMNS_MAX, ROOM_NAME_PATTERN

_ROOM_NAME = re.compile(ROOM_NAME_PATTERN, re.ASCII)

# Letters, marks, numbers, punctuation and symbols. Not: controls, format characters (bidi
# overrides, zero-width), surrogates, private use, unassigned, and separators other than a space.
_NAME_CATEGORIES = frozenset("LMNPS")

# Invisible characters in these categories: Hangul fillers, an empty Braille cell, variation
# selectors, and marks that only join or separate.
_INVISIBLE = frozenset(
    {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0}
    | {*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)}
)

_COMBINING_RUN_MAX = 2


def is_room_name(name: str) -> bool:
    """Tell whether a name is allowed for rooms: 3 to 64 of a-z, 0-9 and hyphen."""
    return _ROOM_NAME.fullmatch(name) is not None


def columns(text: str) -> int:
    """Count the terminal columns that printable text takes (East Asian wide characters take 2)."""
    return sum(map(_columns_of, text))


def clean_name(name: str) -> str:
    """Return a member's name that can be shown everywhere.

    Removes invisible characters and direction controls, normalises to NFC, folds white space, and
    cuts at NAME_COLUMNS_MAX columns.

    Args:
        name: the wanted name.

    Returns:
        A printable name; empty if it had no printable character.
    """
    # Normalising is superlinear on hostile input. A name of 32 columns never needs more.
    bounded = name[: NAME_COLUMNS_MAX * 8]
    # Before normalising, because removed characters may separate a letter from its mark.
    visible = "".join(filter(_is_visible, " ".join(bounded.split())))
    shown: list[str] = []
    width = 0
    combining = _COMBINING_RUN_MAX  # a mark at the beginning or after a space has no letter
    for char in unicodedata.normalize("NFC", visible):
        if _columns_of(char) == 0:
            combining += 1
        else:
            combining = _COMBINING_RUN_MAX if char == " " else 0
        width += _columns_of(char)
        if combining > _COMBINING_RUN_MAX:
            continue
        if width > NAME_COLUMNS_MAX:
            break
        shown.append(char)
    return " ".join("".join(shown).split())


def distinct_name(name: str, taken: set[str]) -> str:
    """Make a name distinct from the names in use by adding a number.

    Args:
        name: a clean name.
        taken: the names in use.

    Returns:
        The name itself, or the name followed by the first free number from 2, shortened if both
        together are too wide.
    """
    if name not in taken:
        return name
    for digits in count(1):
        shortened = _shortened(name, NAME_COLUMNS_MAX - len("-") - digits)
        for number in range(max(2, 10 ** (digits - 1)), 10**digits):
            if (candidate := f"{shortened}-{number}") not in taken:
                return candidate
    raise AssertionError("some number is free")


def _shortened(name: str, width: int) -> str:
    while columns(name) > width:
        name = name[:-1]
    return name.rstrip()


def _is_visible(char: str) -> bool:
    if char == " ":
        return True
    return unicodedata.category(char)[0] in _NAME_CATEGORIES and ord(char) not in _INVISIBLE


def _columns_of(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
