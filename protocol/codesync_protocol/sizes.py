"""Sizes as people write them: `256MB`, `64 KiB`, `512`. One KB has 1,024 bytes."""

import re
from typing import Final

_UNITS: Final = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_SIZE: Final = re.compile(r"(\d{1,15})\s*(?:([kmg]?)i?b?)", re.ASCII | re.IGNORECASE)


def parse_size(text: str) -> int:
    """Read a size.

    Args:
        text: a whole number, optionally followed by B, KB, MB or GB; 256M and 256MiB are 256MB.

    Returns:
        Bytes.

    Raises:
        ValueError: it is no size; the message describes sizes.
    """
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise ValueError("a size is a number of bytes, or one such as 64KB, 256MB or 1GB")
    return int(found[1]) * _UNITS[found[2].lower()]


def show_size(size: int) -> str:
    """Format a size in the largest unit that divides it, so that `parse_size` returns it."""
    for unit in ("g", "m", "k"):
        if size and size % _UNITS[unit] == 0:
            return f"{size // _UNITS[unit]}{unit.upper()}B"
    return str(size)
