"""Flags for the settings of a server, made from their declarations."""

import argparse
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from codesync_server.configuration import LoadedSettings, load
from codesync_server.configuration.keys import Setting, declared
from codesync_server.configuration.setting_types import Boolean, OneOf, SecretAddress, StringList

PREFIX = "setting "
"""Prefix of the keys of settings in the parsed arguments, to avoid conflicts with other flags."""


def add_settings(parser: argparse.ArgumentParser, *, with_address: bool) -> None:
    """Add --config, --set, and a flag for each setting that is not in a table.

    Args:
        parser: the parser of the command.
        with_address: also add settings of the address.
    """
    settings = [each for each in declared().values() if "." not in each.key]
    if with_address:
        _add_flags(parser, "address", (each for each in settings if each.is_address))
    _add_flags(parser, "programs", (each for each in settings if not each.is_address))
    group = parser.add_argument_group("settings")
    group.add_argument(
        "--set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="set any setting by its key, e.g. limits.run.wall=10 (repeatable)",
    )
    group.add_argument(
        "--config",
        metavar="F",
        type=Path,
        help="settings file, TOML (default: $CODESYNC_CONFIG, else codesync/server.toml in"
        " ~/.config)",
    )


def _add_flags(parser: argparse.ArgumentParser, title: str, settings: Iterable[Setting]) -> None:
    group = parser.add_argument_group(title)
    for setting in settings:
        dest, setting_type = PREFIX + setting.key, setting.type
        default = setting_type.format(setting.default) or "none"
        about = f"{setting_type.description} ({default})".replace("%", "%%")
        if isinstance(setting_type, Boolean):
            group.add_argument(
                setting.flag, dest=dest, action=argparse.BooleanOptionalAction, help=about
            )
        elif isinstance(setting_type, StringList):
            about += "; repeatable"
            group.add_argument(setting.flag, dest=dest, metavar="X", action="append", help=about)
        else:
            metavar = (
                f"{{{','.join(setting_type.words)}}}" if isinstance(setting_type, OneOf) else "X"
            )
            group.add_argument(setting.flag, dest=dest, metavar=metavar, help=about)


def load_settings(
    args: argparse.Namespace, *, embedded: bool, sets: Iterable[str] = (), alone: bool = False
) -> LoadedSettings:
    """Load the settings from flags, environment, file and defaults.

    Args:
        args: parsed arguments of `add_settings`.
        embedded: whether the server is embedded, with its own address.
        sets: further --set arguments; those of the command line have priority.
        alone: the flags, and `as_environment`, say all there is to say: no file is looked at, and
            nothing else of the environment.

    Raises:
        SettingsError: a setting is invalid.
    """
    flags: dict[str, str | list[str]] = {}
    for dest, given in vars(args).items():
        if dest.startswith(PREFIX) and given is not None:
            text = str(given).lower() if isinstance(given, bool) else given
            flags[dest.removeprefix(PREFIX)] = text
    return load(
        file=args.config,
        environment=_secrets_in(os.environ) if alone else os.environ,
        flags=flags,
        sets=[*sets, *args.set],
        embedded=embedded,
        default_file=not alone,
    )


def as_arguments(loaded: LoadedSettings, *, throw_away: bool = False) -> list[str]:
    """Return settings as arguments for an embedded server, which reads no other source.

    What may have a password in it is not among them, since everybody can read them.

    Args:
        loaded: the loaded settings.
        throw_away: store nothing.
    """
    secret = {setting.key for setting in _secret()}
    sets = [text for text in loaded.as_sets() if text.partition("=")[0] not in secret]
    if throw_away:
        sets.append("store=memory")
    return [f"--set={text}" for text in sets]


def as_environment(loaded: LoadedSettings) -> dict[str, str]:
    """Return the secret settings as environment variables for this server."""
    return {
        setting.variable: setting.type.format(loaded.found[setting.key].value)
        for setting in _secret()
        if setting.key in loaded.found
    }


def _secrets_in(environment: Mapping[str, str]) -> dict[str, str]:
    variables = {setting.variable for setting in _secret()}
    return {name: environment[name] for name in variables & environment.keys()}


def _secret() -> Iterable[Setting]:
    return (setting for setting in declared().values() if isinstance(setting.type, SecretAddress))
