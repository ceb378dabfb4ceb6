"""Errors in settings."""

from codesync_protocol.printable import show_line

KEY_SHOWN_MAX = 80
"""Code points of a foreign key that an error repeats."""


class SettingsError(Exception):
    """The settings cannot be used.

    The message is one sentence: the file, variable or flag, the key, what is wrong, and what is
    allowed.
    """


def shown_key(key: str) -> str:
    """A key as an error shows it; it may be anybody's text."""
    text = show_line(key)
    return text if len(text) <= KEY_SHOWN_MAX else f"{text[:KEY_SHOWN_MAX]}…"
