"""Setting types for strings, lists of strings, paths and optional values."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from ipaddress import ip_network
from pathlib import Path
from typing import Any, cast

from codesync_server.configuration.setting_types.base import InvalidValue, SettingType, quoted

# To the last @, whatever stands before it: a password may have been written as it is.
_PASSWORD = re.compile(r"(?<=://)([^@:]*):.*@", re.DOTALL)
_SECRET_OPTION = re.compile(
    r"([?&;][^=&;]*(?:password|passphrase|properties)[^=&;]*)=[^&;]*", re.IGNORECASE
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class OneOf(SettingType):
    """One of a few words."""

    words: Sequence[str]

    @property
    def allowed(self) -> str:
        """The allowed words."""
        return "one of " + ", ".join(self.words)

    def check(self, value: object) -> str:
        """Check a word."""
        if not isinstance(value, str):
            raise self.invalid(value)
        if value not in self.words:
            raise self.invalid(value, next(iter(get_close_matches(value, self.words, 1)), ""))
        return value


@dataclass(frozen=True, slots=True)
class String(SettingType):
    """A line of text without control characters."""

    at_least: int = 0
    at_most: int = 200

    @property
    def allowed(self) -> str:
        """The allowed length."""
        return f"a text of {self.at_least} to {self.at_most} printable characters"

    def check(self, value: object) -> str:
        """Check a text."""
        if not isinstance(value, str) or _CONTROL.search(value):
            raise self.invalid(value)
        if not self.at_least <= len(value) <= self.at_most:
            raise self.invalid(value)
        return value


@dataclass(frozen=True, slots=True)
class SecretAddress(String):
    """An address that may contain a password, which is never shown."""

    at_most: int = 1000

    def as_toml(self, value: Any) -> str:
        """Format the address as TOML, with its password masked."""
        return quoted(masked(value))

    def invalid(self, value: object, near: str = "") -> InvalidValue:
        """Build the error for an invalid address, with its password masked."""
        return String.invalid(self, masked(value) if isinstance(value, str) else value, near)


@dataclass(frozen=True, slots=True)
class StringList(SettingType):
    """A list of strings: one per flag on a command line, separated by commas in a variable."""

    at_most: int = 100

    @property
    def allowed(self) -> str:
        """The type and number of the items."""
        return f"a list of at most {self.at_most} texts"

    def check(self, value: object) -> tuple[str, ...]:
        """Check a list."""
        if not isinstance(value, list):
            raise self.invalid(value)
        texts = cast("list[object]", value)
        if len(texts) > self.at_most:
            raise self.invalid(f"{len(texts)} texts")
        one = String(self.description, 1)
        return tuple(one.check(text) for text in texts)

    def parse(self, text: str) -> tuple[str, ...]:
        """Parse a list."""
        return self.check([part.strip() for part in text.split(",") if part.strip()])

    def format(self, value: Sequence[str]) -> str:
        """Join the items with commas."""
        return ",".join(value)

    def as_toml(self, value: Sequence[str]) -> str:
        """Format the list as a TOML array."""
        return f"[{', '.join(map(quoted, value))}]"


@dataclass(frozen=True, slots=True)
class NetworkList(StringList):
    """IP addresses and networks."""

    @property
    def allowed(self) -> str:
        """The type and number of the items."""
        return f"a list of at most {self.at_most} IP addresses or networks such as 10.0.0.0/8"

    def check(self, value: object) -> tuple[str, ...]:
        """Check a list."""
        networks = StringList.check(self, value)
        for network in networks:
            try:
                ip_network(network)
            except ValueError:
                raise self.invalid(network) from None
        return networks


@dataclass(frozen=True, slots=True)
class FilePath(SettingType):
    """The path of a file; a relative path in a settings file starts at that file's folder."""

    @property
    def allowed(self) -> str:
        """A path."""
        return "the path of a file"

    def check(self, value: object) -> Path:
        """Check a path."""
        if not isinstance(value, str) or not value or _CONTROL.search(value):
            raise self.invalid(value)
        try:
            return Path(value).expanduser()
        except RuntimeError:  # ~ of somebody who has no home
            raise self.invalid(value) from None


@dataclass(frozen=True, slots=True)
class OrNone(SettingType):
    """A value of another type, or a word that stands for None."""

    inner: SettingType
    word: str

    @property
    def allowed(self) -> str:
        """The values of the inner type, or the word."""
        return f'{self.inner.allowed}, or "{self.word}"'

    def check(self, value: object) -> Any:
        """Check a value."""
        return None if value == self.word else self._as_ours(lambda: self.inner.check(value), value)

    def parse(self, text: str) -> Any:
        """Parse a value."""
        return None if text == self.word else self._as_ours(lambda: self.inner.parse(text), text)

    def _as_ours(self, make: Callable[[], Any], value: object) -> Any:
        try:
            return make()
        except InvalidValue:
            raise self.invalid(value) from None

    def format(self, value: Any) -> str:
        """Format a value."""
        return self.word if value is None else self.inner.format(value)

    def as_toml(self, value: Any) -> str:
        """Format a value."""
        return quoted(self.word) if value is None else self.inner.as_toml(value)


def masked(address: str) -> str:
    """Replace the password and other secret options of an address by asterisks."""
    return _SECRET_OPTION.sub(r"\1=***", _PASSWORD.sub(r"\1:***@", address))
