"""Monitors the server's memory, and frees memory before the kernel kills the server."""

import asyncio
import ctypes
import logging
import os
from collections.abc import Callable
from contextlib import suppress
from enum import IntEnum
from pathlib import Path

CHECK_SECONDS = 2.0

HIGH_PART = 0.85
"""From this part of the limit on, no room is opened."""

RELIEF_PAUSE_SECONDS = 6.0
"""Between two measures against the pressure: memory comes back some time after a room is gone."""

_CGROUP_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
_DEFAULT_PART = 0.5

log = logging.getLogger(__name__)


class Pressure(IntEnum):
    """How near the server's memory is to its limit."""

    NONE = 0
    HIGH = 1
    """No room is opened."""
    CRITICAL = 2
    """The rooms that use most are closed, one after the other."""


def resident_bytes() -> int:
    """Return the resident memory of this process, from /proc (proc(5))."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def default_limit() -> int:
    """Return half of the memory that the machine, or the cgroup of this process, has, in bytes."""
    limits = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    for path in _CGROUP_LIMITS:
        with suppress(OSError, ValueError):  # not there, or "max"
            limits.append(int(path.read_text()))
    return int(min(limits) * _DEFAULT_PART)


class MemoryMonitor:
    """Compares the server's resident memory with a limit.

    Args:
        limit: bytes of resident memory; None: half of what the machine or its cgroup has.
        relieve: gives up what can be read again, such as old output.
        shed: closes the room that uses most; returns whether there was one to close.
        measure: returns the resident memory in bytes.
    """

    def __init__(
        self,
        limit: int | None,
        relieve: Callable[[], None],
        shed: Callable[[], bool],
        measure: Callable[[], int] = resident_bytes,
    ) -> None:
        self._limit = limit
        self._relieve = relieve
        self._shed = shed
        self._measure = measure
        self._resident = 0
        self._may_relieve_at = 0.0

    @property
    def pressure(self) -> Pressure:
        """How near the memory was to its limit at the last check."""
        if self._limit is None:
            return Pressure.NONE
        if self._resident >= self._limit:
            return Pressure.CRITICAL
        return Pressure.HIGH if self._resident >= HIGH_PART * self._limit else Pressure.NONE

    @property
    def reason(self) -> str:
        """Why no room is opened, for people; empty when rooms are opened."""
        if self._limit is None or self.pressure is Pressure.NONE:
            return ""
        used, limit = self._resident >> 20, self._limit >> 20
        return f"the server's memory is nearly used up ({used} of {limit} MB)"

    def figures(self) -> dict[str, int]:
        """Return the figures for /stats."""
        return {"resident_bytes": self._resident, "limit_bytes": self._limit or 0}

    async def run(self) -> None:
        """Check until cancelled."""
        clock = asyncio.get_running_loop().time
        if self._limit is None:
            self._limit = await asyncio.to_thread(default_limit)
        while True:
            await self.check(clock())
            await asyncio.sleep(CHECK_SECONDS)

    async def check(self, now: float) -> None:
        """Measure, and relieve the memory if it is near its limit.

        Args:
            now: seconds of a monotonic clock.
        """
        before = self.pressure
        await self._look()
        if self.pressure is Pressure.NONE:
            if before is not Pressure.NONE:
                log.warning("the server has enough memory again")
            return
        if before is Pressure.NONE:
            log.warning("%s: no room is opened", self.reason)
        if now < self._may_relieve_at:
            return
        self._may_relieve_at = now + RELIEF_PAUSE_SECONDS
        self._relieve()
        await asyncio.to_thread(_return_free_memory)
        await self._look()
        if self.pressure is Pressure.CRITICAL and self._shed():
            log.error("%s: rooms were closed or forgotten", self.reason)

    async def _look(self) -> None:
        self._resident = await asyncio.to_thread(self._measure)


def _return_free_memory() -> None:
    """Return freed memory to the kernel, where the C library can."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
