"""Combines all sources of settings: flags precede variables, variables precede the file."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from codesync_server.configuration.errors import SettingsError
from codesync_server.configuration.keys import build, declared, value_of
from codesync_server.configuration.limits import WALL_TOGETHER_MAX, Caps
from codesync_server.configuration.settings import Settings
from codesync_server.configuration.sources import (
    CONFIG_VARIABLE,
    FoundValue,
    from_environment,
    from_file,
    from_flags,
)

CAPPED = tuple(part.name for part in fields(Caps))

DEFAULT = "default"
"""The place of a value that nobody set."""


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """Settings, and where each came from.

    Attributes:
        settings: the settings.
        file: the settings file, if there is one.
        found: key to what was set, and where; what is missing is as by default.
    """

    settings: Settings
    file: Path | None
    found: Mapping[str, FoundValue]

    def place(self, key: str) -> str:
        """Where a setting's value came from."""
        return self.found[key].place if key in self.found else DEFAULT

    def as_sets(self) -> list[str]:
        """What was set, as --set arguments that set the same."""
        return [
            f"{key}={declared()[key].type.format(found.value)}" for key, found in self.found.items()
        ]


def load(
    *,
    file: Path | None = None,
    environment: Mapping[str, str],
    flags: Mapping[str, str | Sequence[str]] | None = None,
    sets: Sequence[str] = (),
    embedded: bool = False,
    default_file: bool = True,
) -> LoadedSettings:
    """Bring the settings together.

    Args:
        file: the settings file that was asked for; else CODESYNC_CONFIG names it; else it is the
            default one, which need not exist.
        environment: the environment variables.
        flags: key to what was given with its own flag.
        sets: what was given with --set, KEY=VALUE each.
        embedded: for a server that belongs to a command of ours: what file and environment say of
            a server's address is checked, and not used.
        default_file: look for a settings file that nobody named.

    Raises:
        SettingsError: a value is invalid; no value is used then.
    """
    chosen = file or _named(environment) or (_default_file(environment) if default_file else None)
    sources = [from_file(chosen) if chosen else {}, from_environment(environment)]
    found: dict[str, FoundValue] = {}
    for source in sources:
        found |= {
            key: value
            for key, value in source.items()
            if not (embedded and declared()[key].is_address)
        }
    found |= from_flags(flags or {}, sets)
    settings = build({key: value.value for key, value in found.items()})
    for key, problem in _contradictions(settings):
        error_prefix = found[key].error_prefix if key in found else key
        raise SettingsError(f"{error_prefix}: {problem}")
    return LoadedSettings(settings, chosen, found)


def _named(environment: Mapping[str, str]) -> Path | None:
    named = environment.get(CONFIG_VARIABLE)
    return Path(named) if named else None


def _default_file(environment: Mapping[str, str]) -> Path | None:
    """Look for the file where the XDG Base Directory Specification has it."""
    try:
        folder = Path(environment.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    except RuntimeError:  # a uid without a passwd entry, and no HOME
        return None
    path = folder / "codesync" / "server.toml"
    return path if os.path.lexists(path) else None


def _contradictions(settings: Settings) -> Iterator[tuple[str, str]]:
    """Find settings that do not go together: a key, and what is wrong."""
    for key, other in (("tls_cert", "tls_key"), ("tls_key", "tls_cert")):
        if value_of(settings, key) is not None and value_of(settings, other) is None:
            yield key, f"it needs {other} too (--{other.replace('_', '-')})"
    compiling = settings.limits.compile.wall
    for key in ("limits.tty.wall", "limits.run.wall", "caps.wall"):
        wall: float | None = value_of(settings, key)
        if wall is not None and wall + compiling > WALL_TOGETHER_MAX:
            both = f"{wall:g} s and the {compiling:g} s of limits.compile.wall"
            yield key, f"{both} are more than the {WALL_TOGETHER_MAX:g} s that a job may take"
    for name in CAPPED:
        setting_type = declared()[f"caps.{name}"].type
        cap, limit = getattr(settings.caps, name), getattr(settings.limits.run, name)
        if cap is not None and cap < limit:
            least = f"at least the {setting_type.format(limit)} of limits.run.{name} is allowed"
            yield (
                f"caps.{name}",
                f"{setting_type.format(cap)} is less than everybody gets unasked: {least}",
            )
