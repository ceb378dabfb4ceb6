"""Every setting by its key, made from the declarations in `settings` and `limits`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from difflib import get_close_matches
from functools import cache
from typing import Any, cast, get_type_hints

from codesync_server.configuration.setting_types import SettingType, StringList
from codesync_server.configuration.settings import ADDRESS, Settings

VARIABLE_PREFIX = "CODESYNC_"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting.

    Attributes:
        key: the name; inside a table of the file, after the table's name and a dot.
        type: the type of its values.
        default: the value unless it is set.
        is_address: whether it applies only to servers that other machines reach.
    """

    key: str
    type: SettingType
    default: Any
    is_address: bool

    @property
    def variable(self) -> str:
        """Its environment variable."""
        return VARIABLE_PREFIX + self.key.replace(".", "_").upper()

    @property
    def flag(self) -> str:
        """Its flag; one inside a table is set with --set."""
        if "." in self.key:
            return f"--set {self.key}"
        name = _singular(self.key) if isinstance(self.type, StringList) else self.key
        return "--" + name.replace("_", "-")


def _singular(key: str) -> str:
    return key.removesuffix("ies") + "y" if key.endswith("ies") else key.removesuffix("s")


@cache
def declared() -> Mapping[str, Setting]:
    """Every setting by its key, in the order of the declarations."""
    return {setting.key: setting for setting in _of(Settings(), "")}


@cache
def tables() -> frozenset[str]:
    """The names of all tables."""
    parts = [key.split(".") for key in declared()]
    return frozenset(".".join(names[:end]) for names in parts for end in range(1, len(names)))


def _of(instance: Any, prefix: str) -> Iterator[Setting]:
    hints = get_type_hints(cast("type[object]", type(instance)), include_extras=True)
    for part in fields(instance):
        value, hint = getattr(instance, part.name), hints[part.name]
        if is_dataclass(value):
            yield from _of(value, f"{prefix}{part.name}.")
            continue
        setting_type = next(mark for mark in hint.__metadata__ if isinstance(mark, SettingType))
        yield Setting(prefix + part.name, setting_type, value, ADDRESS in hint.__metadata__)


def build(values: Mapping[str, Any]) -> Settings:
    """Make settings.

    Args:
        values: key to value, for what is not as by default.
    """
    made: Settings = _changed(Settings(), "", values)
    return made


def _changed(instance: Any, prefix: str, values: Mapping[str, Any]) -> Any:
    changes: dict[str, Any] = {}
    for part in fields(instance):
        key, value = prefix + part.name, getattr(instance, part.name)
        if is_dataclass(value):
            changes[part.name] = _changed(value, f"{key}.", values)
        elif key in values:
            changes[part.name] = values[key]
    return replace(instance, **changes)


def value_of(settings: Settings, key: str) -> Any:
    """Look a setting up by its key."""
    value: Any = settings
    for name in key.split("."):
        value = getattr(value, name)
    return value


def nearest(key: str) -> str:
    """Find the key or table that somebody probably means by an unknown key; "" when none is near.

    A key that is right but for its table counts: `wall` means limits.run.wall.
    """
    key = key.strip().lower().replace("-", "_")
    known = [*declared(), *sorted(tables())]
    if near := get_close_matches(key, known, 1, 0.7):
        return near[0]
    by_name = {each.rpartition(".")[2]: each for each in reversed(known)}
    by_name |= {each.rpartition(".")[2]: each for each in declared() if each[:11] == "limits.run."}
    last = get_close_matches(key.rpartition(".")[2], by_name, 1, 0.7)
    return by_name[last[0]] if last else ""
