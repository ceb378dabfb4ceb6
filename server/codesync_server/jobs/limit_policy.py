"""Grants requested limits: less than usual, or more up to the operator's caps. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from codesync_protocol.messages import RunLimits
from codesync_server.configuration.keys import declared
from codesync_server.configuration.limits import Caps, JobLimits, StageLimits
from codesync_server.configuration.setting_types import InvalidValue


class LimitNotAllowed(Exception):
    """What was asked for is too little for any program, or cannot be had here; says what."""


@dataclass(frozen=True, slots=True)
class LimitPolicy:
    """How much the programs of one server may use.

    Attributes:
        limits: what they get unasked.
        caps: what they get if they ask for it.
        unlimited: what cannot be limited where they run: name to the reason.
    """

    limits: JobLimits
    caps: Caps
    unlimited: Mapping[str, str] = field(default_factory=dict[str, str])

    def grant(self, asked: RunLimits, *, tty: bool) -> StageLimits:
        """Decide the limits of a run stage.

        Args:
            asked: what the submitter asks for.
            tty: whether it runs on a terminal.

        Returns:
            Of each what was asked for, but no more than the cap, or than what everybody gets.

        Raises:
            LimitNotAllowed: something is too little for any program, or cannot be limited here.
        """
        own = self.limits.tty if tty else self.limits.run
        wanted: dict[str, Any] = {
            "wall": asked.wall_seconds,
            "cpu": asked.cpu_seconds,
            "memory": asked.memory,
            "output": asked.output,
            "processes": asked.processes,
        }
        granted: dict[str, Any] = {}
        for name, value in wanted.items():
            if value is not None:
                if reason := self.unlimited.get(name):
                    raise LimitNotAllowed(f"{name}: {reason}")
                most = max(getattr(own, name), getattr(self.caps, name) or 0)
                granted[name] = _checked(name, min(value, most))
        return replace(own, **granted)


def _checked(name: str, value: float) -> Any:
    try:
        return declared()[f"limits.run.{name}"].type.check(value)
    except InvalidValue as unfit:
        raise LimitNotAllowed(f"{name}: {unfit}") from None
