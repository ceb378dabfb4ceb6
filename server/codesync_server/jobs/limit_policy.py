"""Grants requested limits: less than usual, or more up to the operator's caps. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from codesync_protocol.messages import RunLimits
from codesync_server.configuration.keys import declared
from codesync_server.configuration.limits import Caps, JobLimits, StageLimits
from codesync_server.configuration.setting_types import InvalidValue


class LimitNotAllowed(Exception):
    """A requested limit is too small, or not available here; the message says which."""


@dataclass(frozen=True, slots=True)
class LimitPolicy:
    """The limits that programs of this server may have.

    Attributes:
        limits: granted if nothing is requested.
        caps: the maxima that may be requested.
        unlimited: name of a limit that the executor cannot enforce, to the reason.
    """

    limits: JobLimits
    caps: Caps
    unlimited: Mapping[str, str] = field(default_factory=dict[str, str])

    def grant(self, asked: RunLimits, *, tty: bool) -> StageLimits:
        """Decide the limits of a run stage.

        Args:
            asked: the requested limits.
            tty: whether the program has a terminal.

        Returns:
            The requested limits, each at most the cap or the default, whichever is greater.

        Raises:
            LimitNotAllowed: a limit is too small for any program, or cannot be enforced here.
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
