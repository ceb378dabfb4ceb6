"""The three sources of settings. Each value is checked, and has its place."""

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from codesync_server.configuration.errors import SettingsError, shown_key
from codesync_server.configuration.keys import (
    VARIABLE_PREFIX,
    Setting,
    declared,
    nearest,
    tables,
)
from codesync_server.configuration.setting_types import InvalidValue

FILE_SIZE_MAX = 1 << 20
CONFIG_VARIABLE = "CODESYNC_CONFIG"
OTHER_VARIABLES = frozenset({CONFIG_VARIABLE, "CODESYNC_TOKEN", "CODESYNC_REQUIRE_DOCKER"})
"""Variables that mean something else to us."""

TEST_PREFIX = "CODESYNC_TEST_"

SEE_ALL = "see all of them with: codesync serve --show-settings"


@dataclass(frozen=True, slots=True)
class FoundValue:
    """A value and its place.

    Attributes:
        value: the value, checked.
        place: the file, the variable, or the flag.
        error_prefix: how an error begins that is about it.
    """

    value: Any
    place: str
    error_prefix: str


def from_file(path: Path) -> dict[str, FoundValue]:
    """Read a settings file.

    Raises:
        SettingsError: it cannot be read, or contains an invalid value.
    """
    found: dict[str, FoundValue] = {}
    for key, value in _flattened(_parsed(path), "", str(path)):
        error_prefix = f"{path}: {key}"
        checked = _checked(error_prefix, declared()[key].type.check, value)
        if isinstance(checked, Path):
            checked = path.parent / checked
        found[key] = FoundValue(checked, str(path), error_prefix)
    return found


def _parsed(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            data = file.read(FILE_SIZE_MAX + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise SettingsError(
            f"{path}: the settings file cannot be read: {reason}; name one with --config"
        ) from None
    if len(data) > FILE_SIZE_MAX:
        raise SettingsError(f"{path}: this is no settings file: it is larger than 1 MB")
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise SettingsError(
            f"{path}: a settings file is text in UTF-8: byte {error.start + 1} is not"
        ) from None
    except RecursionError:
        raise SettingsError(f"{path}: this is no settings file: it is nested too deeply") from None
    except ValueError as error:  # tomllib's own error is one, and so is a number of 5,000 digits
        what = str(error).partition(";")[0]
        raise SettingsError(f"{path}: this is not TOML: {what}") from None


def _flattened(table: Mapping[str, Any], prefix: str, place: str) -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        key = prefix + name
        if key in declared():
            yield key, value
        elif key in tables() and isinstance(value, dict):
            yield from _flattened(value, f"{key}.", place)  # pyright: ignore[reportUnknownArgumentType] # TOML's keys are texts
        elif key in tables():
            raise SettingsError(f"{place}: {key} takes a table: write [{key}] above its settings")
        else:
            raise SettingsError(f"{place}: {_no_such(key)}")


def from_environment(environment: Mapping[str, str]) -> dict[str, FoundValue]:
    """Read the environment variables; an empty one counts as not set.

    Raises:
        SettingsError: a value is invalid, or a name nearly matches a setting.
    """
    by_variable = {setting.variable: setting for setting in declared().values()}
    found: dict[str, FoundValue] = {}
    for name, text in environment.items():
        if not name.startswith(VARIABLE_PREFIX) or not text:
            continue
        if setting := by_variable.get(name):
            value = _checked(name, setting.type.parse, text)
            found[setting.key] = FoundValue(value, name, name)
        elif near := _nearly(name, by_variable):
            raise SettingsError(
                f"{shown_key(name)}: no setting has this variable; did you mean {near}?"
            )
    return found


def _nearly(name: str, known: Iterable[str]) -> str:
    """Find the variable that is probably meant; "" when it seems to be none of a setting's."""
    if name in OTHER_VARIABLES or name.startswith(TEST_PREFIX):
        return ""
    own = [each.removeprefix(VARIABLE_PREFIX) for each in known]
    near = get_close_matches(name.removeprefix(VARIABLE_PREFIX), own, 1, 0.8)
    return VARIABLE_PREFIX + near[0] if near else ""


def from_flags(
    flags: Mapping[str, str | Sequence[str]], sets: Sequence[str]
) -> dict[str, FoundValue]:
    """Read the flags.

    Args:
        flags: key to what was given for it; several texts for a setting that takes a list.
        sets: what was given with --set, KEY=VALUE each.

    Raises:
        SettingsError: a value is invalid.
    """
    found: dict[str, FoundValue] = {}
    for text in sets:
        key, equals, value = text.partition("=")
        key = key.strip()
        if not equals:
            raise SettingsError(f"--set {shown_key(text)}: write KEY=VALUE, as in --set port=4000")
        if key not in declared():
            raise SettingsError(f"--set {_no_such(key)}")
        place = f"--set {key}"
        found[key] = FoundValue(_checked(place, declared()[key].type.parse, value), place, place)
    for key, given in flags.items():
        setting = declared()[key]
        found[key] = FoundValue(_given(setting, given), setting.flag, setting.flag)
    return found


def _given(setting: Setting, given: str | Sequence[str]) -> Any:
    if isinstance(given, str):
        return _checked(setting.flag, setting.type.parse, given)
    return _checked(setting.flag, setting.type.check, list(given))


def _checked(error_prefix: str, check: Callable[[Any], Any], value: object) -> Any:
    try:
        return check(value)
    except InvalidValue as unfit:
        raise SettingsError(f"{error_prefix}: {unfit}") from None


def _no_such(key: str) -> str:
    near = nearest(key)
    hint = f"did you mean {near}?" if near else SEE_ALL
    return f"{shown_key(key)}: there is no such setting; {hint}"
