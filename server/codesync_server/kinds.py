"""Kinds of settings: what values each may take, read from text or from TOML, and shown again.

A setting is declared by annotating a field with its kind:

    port: Annotated[int, Whole("port to listen on", 0, 65535)] = 4000
"""

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from ipaddress import ip_network
from pathlib import Path
from typing import Any, cast

from codesync_protocol.printable import show_line
from codesync_protocol.sizes import parse_size, show_size

SHOWN_MAX = 40
"""Code points of a wrong value that an error repeats."""

_WHOLE = re.compile(r"[+-]?\d{1,30}", re.ASCII)
# To the last @, whatever stands before it: a password may have been written as it is.
_PASSWORD = re.compile(r"(?<=://)([^@:]*):.*@", re.DOTALL)
_SECRET_OPTION = re.compile(
    r"([?&;][^=&;]*(?:password|passphrase|properties)[^=&;]*)=[^&;]*", re.IGNORECASE
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


class Unfit(Exception):
    """A value that a setting cannot have; the message says why, and what is allowed."""


@dataclass(frozen=True, slots=True)
class Kind(ABC):
    """What a setting is about, and the values that it may take.

    Attributes:
        about: what it sets, for people.
    """

    about: str

    @property
    @abstractmethod
    def allowed(self) -> str:
        """The values that it may take, for people."""

    @abstractmethod
    def take(self, value: object) -> Any:
        """Check a value as TOML gives it.

        Returns:
            The setting's value.

        Raises:
            Unfit: it may not have this one.
        """

    def read(self, text: str) -> Any:
        """Read the value from the text of a flag or of an environment variable.

        Raises:
            Unfit: it may not have this one.
        """
        return self.take(text)

    def write(self, value: Any) -> str:
        """Write a value so that `read` gives it again."""
        return str(value)

    def show(self, value: Any) -> str:
        """Write a value as TOML."""
        return quoted(self.write(value))

    def unfit(self, value: object, near: str = "") -> Unfit:
        """Say that a value will not do."""
        text = show_line(_as_written(value))
        shown = text if len(text) <= SHOWN_MAX else f"{text[:SHOWN_MAX]}…"
        hint = f"; did you mean {near}?" if near else ""
        return Unfit(f"{shown} will not do: it takes {self.allowed}{hint}")


@dataclass(frozen=True, slots=True)
class Whole(Kind):
    """A whole number within bounds."""

    at_least: int
    at_most: int

    @property
    def allowed(self) -> str:
        """Its bounds."""
        return f"a whole number from {self.at_least} to {self.at_most}"

    def take(self, value: object) -> int:
        """Check a number."""
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.unfit(value)
        if not self.at_least <= value <= self.at_most:
            raise self.unfit(value)
        return value

    def read(self, text: str) -> int:
        """Read a number."""
        if not _WHOLE.fullmatch(text.strip()):
            raise self.unfit(text)
        return self.take(int(text))

    def show(self, value: int) -> str:
        """Write a number."""
        return self.write(value)


@dataclass(frozen=True, slots=True)
class Number(Kind):
    """A number within bounds; never NaN or infinite."""

    at_least: float
    at_most: float
    unit: str = ""

    @property
    def allowed(self) -> str:
        """Its bounds."""
        unit = f" of {self.unit}" if self.unit else ""
        return f"a number{unit} from {self.at_least:g} to {self.at_most:g}"

    def take(self, value: object) -> float:
        """Check a number."""
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise self.unfit(value)
        # An int may be too large for a float; NaN is in no order with anything.
        if not self.at_least <= value <= self.at_most:
            raise self.unfit(value)
        return float(value)

    def read(self, text: str) -> float:
        """Read a number."""
        try:
            number = float(text)
        except ValueError:
            raise self.unfit(text) from None
        if not math.isfinite(number):
            raise self.unfit(text)
        return self.take(number)

    def write(self, value: float) -> str:
        """Write a number."""
        return str(int(value)) if float(value).is_integer() else repr(value)

    def show(self, value: float) -> str:
        """Write a number."""
        return self.write(value)


@dataclass(frozen=True, slots=True)
class Size(Kind):
    """A number of bytes, as a number or as text with a unit."""

    at_least: int
    at_most: int

    @property
    def allowed(self) -> str:
        """Its bounds."""
        return (
            f"a size such as 64KB or 256MB, from {show_size(self.at_least)}"
            f" to {show_size(self.at_most)}"
        )

    def take(self, value: object) -> int:
        """Check a size."""
        size = value
        if isinstance(value, str):
            try:
                size = parse_size(value)
            except ValueError:
                raise self.unfit(value) from None
        if not isinstance(size, int) or isinstance(size, bool):
            raise self.unfit(value)
        if not self.at_least <= size <= self.at_most:
            raise self.unfit(value)
        return size

    def write(self, value: int) -> str:
        """Write a size."""
        return show_size(value)

    def show(self, value: int) -> str:
        """Write a size."""
        text = self.write(value)
        return text if text.isdigit() else quoted(text)


@dataclass(frozen=True, slots=True)
class Switch(Kind):
    """On or off."""

    @property
    def allowed(self) -> str:
        """Its two values."""
        return "true or false"

    def take(self, value: object) -> bool:
        """Check a switch."""
        if not isinstance(value, bool):
            raise self.unfit(value)
        return value

    def read(self, text: str) -> bool:
        """Read a switch."""
        word = text.strip().lower()
        if word not in (*_TRUE, *_FALSE):
            raise self.unfit(text)
        return word in _TRUE

    def write(self, value: bool) -> str:
        """Write a switch."""
        return "true" if value else "false"

    def show(self, value: bool) -> str:
        """Write a switch."""
        return self.write(value)


@dataclass(frozen=True, slots=True)
class Choice(Kind):
    """One of a few words."""

    words: Sequence[str]

    @property
    def allowed(self) -> str:
        """The words."""
        return "one of " + ", ".join(self.words)

    def take(self, value: object) -> str:
        """Check a word."""
        if not isinstance(value, str):
            raise self.unfit(value)
        if value not in self.words:
            raise self.unfit(value, next(iter(get_close_matches(value, self.words, 1)), ""))
        return value


@dataclass(frozen=True, slots=True)
class Text(Kind):
    """A line of text without control characters."""

    at_least: int = 0
    at_most: int = 200

    @property
    def allowed(self) -> str:
        """Its length."""
        return f"a text of {self.at_least} to {self.at_most} printable characters"

    def take(self, value: object) -> str:
        """Check a text."""
        if not isinstance(value, str) or _CONTROL.search(value):
            raise self.unfit(value)
        if not self.at_least <= len(value) <= self.at_most:
            raise self.unfit(value)
        return value


@dataclass(frozen=True, slots=True)
class Address(Text):
    """Where something is; it may have a password in it, which is never shown."""

    at_most: int = 1000

    def show(self, value: Any) -> str:
        """Write it as TOML, without the password."""
        return quoted(masked(value))

    def unfit(self, value: object, near: str = "") -> Unfit:
        """Say that a value will not do, without the password."""
        return Text.unfit(self, masked(value) if isinstance(value, str) else value, near)


@dataclass(frozen=True, slots=True)
class Texts(Kind):
    """Several texts; on a command line one a flag, in a variable with commas between them."""

    at_most: int = 100

    @property
    def allowed(self) -> str:
        """What it is a list of."""
        return f"a list of at most {self.at_most} texts"

    def take(self, value: object) -> tuple[str, ...]:
        """Check a list."""
        if not isinstance(value, list):
            raise self.unfit(value)
        texts = cast("list[object]", value)
        if len(texts) > self.at_most:
            raise self.unfit(f"{len(texts)} texts")
        one = Text(self.about, 1)
        return tuple(one.take(text) for text in texts)

    def read(self, text: str) -> tuple[str, ...]:
        """Read a list."""
        return self.take([part.strip() for part in text.split(",") if part.strip()])

    def write(self, value: Sequence[str]) -> str:
        """Write the list with commas."""
        return ",".join(value)

    def show(self, value: Sequence[str]) -> str:
        """Write the list."""
        return f"[{', '.join(map(quoted, value))}]"


@dataclass(frozen=True, slots=True)
class Networks(Texts):
    """IP addresses and networks."""

    @property
    def allowed(self) -> str:
        """What the list contains."""
        return f"a list of at most {self.at_most} IP addresses or networks such as 10.0.0.0/8"

    def take(self, value: object) -> tuple[str, ...]:
        """Check a list."""
        networks = Texts.take(self, value)
        for network in networks:
            try:
                ip_network(network)
            except ValueError:
                raise self.unfit(network) from None
        return networks


@dataclass(frozen=True, slots=True)
class File(Kind):
    """A file's path; one in a settings file counts from that file's folder."""

    @property
    def allowed(self) -> str:
        """What it names."""
        return "the path of a file"

    def take(self, value: object) -> Path:
        """Check a path."""
        if not isinstance(value, str) or not value or _CONTROL.search(value):
            raise self.unfit(value)
        try:
            return Path(value).expanduser()
        except RuntimeError:  # ~ of somebody who has no home
            raise self.unfit(value) from None


@dataclass(frozen=True, slots=True)
class Maybe(Kind):
    """Another kind's value, or a word that stands for None."""

    kind: Kind
    word: str

    @property
    def allowed(self) -> str:
        """The word, or the other kind's values."""
        return f'{self.kind.allowed}, or "{self.word}"'

    def take(self, value: object) -> Any:
        """Check a value."""
        return None if value == self.word else self._as_ours(lambda: self.kind.take(value), value)

    def read(self, text: str) -> Any:
        """Read a value."""
        return None if text == self.word else self._as_ours(lambda: self.kind.read(text), text)

    def _as_ours(self, make: Callable[[], Any], value: object) -> Any:
        try:
            return make()
        except Unfit:
            raise self.unfit(value) from None

    def write(self, value: Any) -> str:
        """Write a value."""
        return self.word if value is None else self.kind.write(value)

    def show(self, value: Any) -> str:
        """Write a value."""
        return quoted(self.word) if value is None else self.kind.show(value)


def masked(address: str) -> str:
    """Make an address fit to be shown: without its password, and without what else is secret."""
    return _SECRET_OPTION.sub(r"\1=***", _PASSWORD.sub(r"\1:***@", address))


def quoted(text: str) -> str:
    """Write a text without control characters as a TOML string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _as_written(value: object) -> str:
    """Show a wrong value as it stands in the file, as far as that is short to say."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, int) and value.bit_length() > 128:
        return "a number of more than 38 digits"  # which Python would not even print
    return f'"{value}"' if isinstance(value, str) else str(value)
