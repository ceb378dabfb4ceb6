"""The base of all setting types: checks a value, parses it from text, and formats it.

A setting is declared by annotating a field with its type:

    port: Annotated[int, Integer("port to listen on", 0, 65535)] = 4000
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from codesync_protocol.printable import show_line

SHOWN_MAX = 40
"""Code points of an invalid value that an error repeats."""


class InvalidValue(Exception):
    """A value that a setting does not allow; the message names the allowed values."""


@dataclass(frozen=True, slots=True)
class SettingType(ABC):
    """The type of a setting: its description and the values that it allows.

    Attributes:
        description: a phrase for help texts and documentation.
    """

    description: str

    @property
    @abstractmethod
    def allowed(self) -> str:
        """The allowed values, as a phrase for error messages and documentation."""

    @abstractmethod
    def check(self, value: object) -> Any:
        """Check a value that was read from TOML, and convert it.

        Returns:
            The converted value.

        Raises:
            InvalidValue: the value is not allowed.
        """

    def parse(self, text: str) -> Any:
        """Parse the text of a flag or of an environment variable.

        Raises:
            InvalidValue: the value is not allowed.
        """
        return self.check(text)

    def format(self, value: Any) -> str:
        """Write a value so that `parse` gives it again."""
        return str(value)

    def as_toml(self, value: Any) -> str:
        """Format a value as TOML."""
        return quoted(self.format(value))

    def invalid(self, value: object, near: str = "") -> InvalidValue:
        """Build the error for an invalid value."""
        text = show_line(_as_written(value))
        shown = text if len(text) <= SHOWN_MAX else f"{text[:SHOWN_MAX]}…"
        hint = f"; did you mean {near}?" if near else ""
        return InvalidValue(f"{shown} is invalid: expected {self.allowed}{hint}")


def quoted(text: str) -> str:
    """Quote a text without control characters as a TOML string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _as_written(value: object) -> str:
    """Format an invalid value as it appears in the file, if that is short."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, int) and value.bit_length() > 128:
        return "a number of more than 38 digits"  # which Python would not even print
    return f'"{value}"' if isinstance(value, str) else str(value)
