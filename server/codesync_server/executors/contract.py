"""The contract of executors, which provide sandboxes for one job each."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from codesync_protocol.messages import ExecutorInfo


class ExecutorUnavailable(Exception):
    """No sandbox can be had; the message says why, for people."""


@dataclass(frozen=True, slots=True)
class PostMortem:
    """What the engine knows of a sandbox whose runner fell silent.

    Attributes:
        memory: the kernel killed it for want of memory.
        detail: what the engine says, for people.
        lost: the sandbox or the way to it went away under the program: what we did not hear of the
            runner says nothing of the program.
        thrashing: it still runs, but hardly gets on: its memory is in use up to the limit, and what
            code it needs is thrown out and read back, the runner's own included.
    """

    memory: bool
    detail: str
    lost: bool = False
    thrashing: bool = False


class Sandbox(ABC):
    """A runner that is started, parked and connected; it takes one request in its life."""

    @abstractmethod
    async def read(self) -> bytes:
        """Wait for bytes that the runner wrote; empty when none will ever come."""

    @abstractmethod
    async def write(self, data: bytes) -> None:
        """Send bytes to the runner; returns when there is room for more.

        Raises:
            ConnectionError: the runner is gone.
        """

    async def set_cpus(self, cpus: float | None) -> None:  # noqa: B027 - not every one can
        """Change its share of a cpu while it runs, where that can be done. Never raises.

        Args:
            cpus: the share; None: the one that it had when it was parked.
        """

    async def yield_cpu(self) -> None:  # noqa: B027 - not every one can
        """Have other sandboxes go first where the cpu does not suffice for all. Never raises."""

    @abstractmethod
    async def post_mortem(self) -> PostMortem:
        """Find out why the runner fell silent."""

    @abstractmethod
    async def destroy(self, *, reported: bool) -> None:
        """End it; what is left of it is removed, if need be in the background. Never raises.

        Args:
            reported: the runner has reported, so nothing of the program runs any more. Otherwise
                this returns only when that is so, as far as can be brought about.
        """


@dataclass(frozen=True, slots=True)
class PoolStats:
    """How the parked sandboxes do.

    Attributes:
        size: how many there should be.
        parked: how many wait now.
        starting: how many are being made.
        waiting: jobs that wait for one now.
        hits: jobs that found one waiting.
        misses: jobs that had to wait for one.
        retired: parked ones that were given up: too old, dead, or made of something else.
        failures: starts that failed.
        refill_seconds: how long the last one took to start.
        oldest_seconds: for how long the oldest one has been waiting.
    """

    size: int = 0
    parked: int = 0
    starting: int = 0
    waiting: int = 0
    hits: int = 0
    misses: int = 0
    retired: int = 0
    failures: int = 0
    refill_seconds: float = 0.0
    oldest_seconds: float = 0.0

    @property
    def hit_rate(self) -> float:
        """Share of the jobs that found one waiting; 1 before the first job."""
        taken = self.hits + self.misses
        return self.hits / taken if taken else 1.0


class Executor(ABC):
    """Hands out sandboxes.

    Attributes:
        on_change: called when `trouble`, `strain` or `is_ready` changed; never blocks or raises.
    """

    on_change: Callable[[], None] = staticmethod(lambda: None)

    @property
    def trouble(self) -> str:
        """Why no sandbox can be made now, for people; empty while all is well."""
        return ""

    @property
    def strain(self) -> str:
        """Why jobs start later than they should, for people; empty while they do not."""
        return ""

    @property
    def is_ready(self) -> bool:
        """Whether it is worth while to ask for a sandbox: one is parked, or can be made."""
        return True

    @property
    @abstractmethod
    def info(self) -> ExecutorInfo:
        """What members are told about it."""

    @property
    @abstractmethod
    def search_path(self) -> str:
        """PATH for the programs in its sandboxes."""

    @abstractmethod
    def has_command(self, command: str) -> bool:
        """Tell whether a language's command exists in its sandboxes."""

    @property
    def unlimited(self) -> Mapping[str, str]:
        """What it cannot limit: name of a limit to the reason, for people."""
        return {}

    @abstractmethod
    async def start(self, tasks: asyncio.TaskGroup) -> None:
        """Make ready to hand out sandboxes.

        Args:
            tasks: owns what goes on in the background, until `close`.

        Raises:
            ExecutorUnavailable: it cannot.
        """

    @abstractmethod
    async def acquire(self, *, patient: bool = False) -> Sandbox:
        """Hand out a sandbox; the caller destroys it.

        Args:
            patient: leave the last sandbox that is ready to other jobs.

        Raises:
            ExecutorUnavailable: none can be had. If `trouble` says why, one can be had later.
        """

    @abstractmethod
    async def close(self) -> None:
        """Destroy every sandbox that is left, and stop all work."""

    @property
    def pool(self) -> PoolStats:
        """Figures of the parked sandboxes; zeros where there are none."""
        return PoolStats()
