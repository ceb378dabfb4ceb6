"""What an executor is: something that hands out sandboxes, each good for exactly one job."""

import asyncio
from abc import ABC, abstractmethod
from dataclasses import dataclass

from codesync_protocol.messages import ExecutorInfo


class ExecutorDown(Exception):
    """No sandbox can be had; the message says why, for people."""


@dataclass(frozen=True, slots=True)
class Autopsy:
    """What the engine knows of a sandbox whose runner fell silent.

    Attributes:
        memory: the kernel killed it for want of memory.
        detail: what the engine says, for people.
    """

    memory: bool
    detail: str


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

    @abstractmethod
    async def autopsy(self) -> Autopsy:
        """Find out why the runner fell silent."""

    @abstractmethod
    async def destroy(self, *, reported: bool) -> None:
        """End it; what is left of it is removed, if need be in the background. Never raises.

        Args:
            reported: the runner has reported, so nothing of the program runs any more. Otherwise
                this returns only when that is so, as far as can be brought about.
        """


@dataclass(frozen=True, slots=True)
class PoolFigures:
    """How the parked sandboxes do.

    Attributes:
        size: how many there should be.
        parked: how many wait now.
        hits: jobs that found one waiting.
        misses: jobs that had to wait for one.
        refill_seconds: how long the last one took to start.
    """

    size: int = 0
    parked: int = 0
    hits: int = 0
    misses: int = 0
    refill_seconds: float = 0.0


class Executor(ABC):
    """Hands out sandboxes."""

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

    @abstractmethod
    async def start(self, tasks: asyncio.TaskGroup) -> None:
        """Make ready to hand out sandboxes.

        Args:
            tasks: owns what goes on in the background, until `close`.

        Raises:
            ExecutorDown: it cannot.
        """

    @abstractmethod
    async def acquire(self) -> Sandbox:
        """Hand out a sandbox; the caller destroys it.

        Raises:
            ExecutorDown: none can be had.
        """

    @abstractmethod
    async def close(self) -> None:
        """Destroy every sandbox that is left, and stop all work."""

    @property
    def pool(self) -> PoolFigures:
        """Figures of the parked sandboxes; zeros where there are none."""
        return PoolFigures()
