"""Parses `--limit wall=2`, the requested limits of a program."""

import argparse
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any, NamedTuple

from codesync_protocol.messages import RunLimits
from codesync_protocol.sizes import show_size
from codesync_server.configuration.keys import Setting, declared, value_of
from codesync_server.configuration.setting_types import ByteSize, InvalidValue
from codesync_server.configuration.settings import Settings


class LimitError(Exception):
    """A --limit is invalid; the message states which, and the allowed values."""


class Limit(NamedTuple):
    """A limit that can be requested."""

    field: str
    """The name of the field in RunLimits."""
    unit: str


LIMITS = {
    "wall": Limit("wall_seconds", " s"),
    "cpu": Limit("cpu_seconds", " s"),
    "memory": Limit("memory", ""),
    "output": Limit("output", ""),
    "processes": Limit("processes", ""),
}


def add_limits(parser: argparse.ArgumentParser) -> None:
    """Add --limit."""
    parser.add_argument(
        "--limit",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help=f"request other limits, as far as the server allows: {', '.join(LIMITS)};"
        " e.g. --limit wall=2,memory=64MB (repeatable)",
    )


def parse_limits(texts: Iterable[str]) -> RunLimits:
    """Parse the values of --limit.

    Raises:
        LimitError: a value is invalid.
    """
    asked: dict[str, Any] = {}
    for text in (part for each in texts for part in each.split(",")):
        name, equals, value = (part.strip() for part in text.partition("="))
        if not equals:
            raise LimitError(f"--limit {text}: write NAME=VALUE, as in --limit wall=2")
        if name not in LIMITS:
            near = get_close_matches(name, LIMITS, 1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(LIMITS)}"
            raise LimitError(f"--limit {name}: there is no such limit; {hint}")
        try:
            asked[LIMITS[name].field] = _setting(name).type.parse(value)
        except InvalidValue as unfit:
            raise LimitError(f"--limit {name}: {unfit}") from None
    return RunLimits(**asked)


def as_caps(asked: RunLimits, settings: Settings) -> list[str]:
    """Return --set arguments with which an embedded server allows the requested limits."""
    sets: list[str] = []
    for name, limit in LIMITS.items():
        value = getattr(asked, limit.field)
        own = value_of(settings, f"limits.run.{name}")
        if value is not None and value > max(own, value_of(settings, f"caps.{name}") or 0):
            sets.append(f"caps.{name}={_setting(name).type.format(value)}")
    return sets


def less_than_asked(asked: RunLimits, granted: RunLimits) -> Iterator[str]:
    """Return a sentence for each limit that the server lowered."""
    for name, limit in LIMITS.items():
        wanted, given = getattr(asked, limit.field), getattr(granted, limit.field)
        if wanted is not None and given is not None and given < wanted:
            yield f"the server gives {_shown(name, given)} of {name}, not {_shown(name, wanted)}"


def _shown(name: str, value: Any) -> str:
    kind = _setting(name).type
    text = show_size(value) if isinstance(kind, ByteSize) else kind.format(value)
    return f"{text}{LIMITS[name].unit}"


def _setting(name: str) -> Setting:
    return declared()[f"limits.run.{name}"]
