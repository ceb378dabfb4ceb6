"""Setting types for numbers, sizes and booleans."""

import math
import re
from dataclasses import dataclass

from codesync_protocol.sizes import parse_size, show_size
from codesync_server.configuration.setting_types.base import SettingType, quoted

_INTEGER = re.compile(r"[+-]?\d{1,30}", re.ASCII)
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


@dataclass(frozen=True, slots=True)
class Integer(SettingType):
    """A whole number within bounds."""

    at_least: int
    at_most: int

    @property
    def allowed(self) -> str:
        """The bounds."""
        return f"a whole number from {self.at_least} to {self.at_most}"

    def check(self, value: object) -> int:
        """Check a number."""
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.invalid(value)
        if not self.at_least <= value <= self.at_most:
            raise self.invalid(value)
        return value

    def parse(self, text: str) -> int:
        """Parse a number."""
        if not _INTEGER.fullmatch(text.strip()):
            raise self.invalid(text)
        return self.check(int(text))

    def as_toml(self, value: int) -> str:
        """Format a number."""
        return self.format(value)


@dataclass(frozen=True, slots=True)
class Number(SettingType):
    """A number within bounds; never NaN or infinite."""

    at_least: float
    at_most: float
    unit: str = ""

    @property
    def allowed(self) -> str:
        """The bounds."""
        unit = f" of {self.unit}" if self.unit else ""
        return f"a number{unit} from {self.at_least:g} to {self.at_most:g}"

    def check(self, value: object) -> float:
        """Check a number."""
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise self.invalid(value)
        # An int may be too large for a float; NaN is in no order with anything.
        if not self.at_least <= value <= self.at_most:
            raise self.invalid(value)
        return float(value)

    def parse(self, text: str) -> float:
        """Parse a number."""
        try:
            number = float(text)
        except ValueError:
            raise self.invalid(text) from None
        if not math.isfinite(number):
            raise self.invalid(text)
        return self.check(number)

    def format(self, value: float) -> str:
        """Format a number."""
        return str(int(value)) if float(value).is_integer() else repr(value)

    def as_toml(self, value: float) -> str:
        """Format a number."""
        return self.format(value)


@dataclass(frozen=True, slots=True)
class ByteSize(SettingType):
    """A number of bytes, as a number or as text with a unit."""

    at_least: int
    at_most: int

    @property
    def allowed(self) -> str:
        """The bounds."""
        return (
            f"a size such as 64KB or 256MB, from {show_size(self.at_least)}"
            f" to {show_size(self.at_most)}"
        )

    def check(self, value: object) -> int:
        """Check a size."""
        size = value
        if isinstance(value, str):
            try:
                size = parse_size(value)
            except ValueError:
                raise self.invalid(value) from None
        if not isinstance(size, int) or isinstance(size, bool):
            raise self.invalid(value)
        if not self.at_least <= size <= self.at_most:
            raise self.invalid(value)
        return size

    def format(self, value: int) -> str:
        """Format a size."""
        return show_size(value)

    def as_toml(self, value: int) -> str:
        """Format a size."""
        text = self.format(value)
        return text if text.isdigit() else quoted(text)


@dataclass(frozen=True, slots=True)
class Boolean(SettingType):
    """True or false."""

    @property
    def allowed(self) -> str:
        """The two values."""
        return "true or false"

    def check(self, value: object) -> bool:
        """Check a switch."""
        if not isinstance(value, bool):
            raise self.invalid(value)
        return value

    def parse(self, text: str) -> bool:
        """Parse a switch."""
        word = text.strip().lower()
        if word not in (*_TRUE, *_FALSE):
            raise self.invalid(text)
        return word in _TRUE

    def format(self, value: bool) -> str:
        """Format a switch."""
        return "true" if value else "false"

    def as_toml(self, value: bool) -> str:
        """Format a switch."""
        return self.format(value)
