"""Sandboxes that are started and waiting, and the keeper that makes more of them.

Nothing of the engine's work is on the way of a job that finds one waiting; and what refills the
pool starts a little later, so that it does not take the cpu from that job.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress

from codesync_server.executors.contract import ExecutorDown, PoolFigures
from codesync_server.executors.docker.container import DockerSandbox
from codesync_server.executors.docker.engine import EngineError

REFILL_DELAY_SECONDS = 0.1
PARALLEL_STARTS = 2
MAX_AGE_SECONDS = 600.0
"""A parked sandbox that is older is replaced."""

LOOK_SECONDS = 15.0
"""How often the parked ones are looked at."""

WAIT_SECONDS = 30.0
"""How long a job waits for a sandbox when none is parked."""

BACKOFF_SECONDS = (0.5, 1.0, 2.0, 5.0, 10.0)

log = logging.getLogger(__name__)


class Pool:
    """Parked sandboxes.

    Args:
        size: how many should be parked.
        make: makes one; raises EngineError.
        discard: removes one in the background.
    """

    def __init__(
        self,
        size: int,
        make: Callable[[], Awaitable[DockerSandbox]],
        discard: Callable[[DockerSandbox], object],
    ) -> None:
        self._size = size
        self._make = make
        self._discard = discard
        self._parked: deque[DockerSandbox] = deque()
        self._waiting: deque[asyncio.Future[DockerSandbox]] = deque()
        self._starting = 0
        self._failures = 0
        self._not_before = 0.0
        self._wake = asyncio.Event()
        self._stopping = False
        self._problem = ""
        self._hits = self._misses = 0
        self._refill_seconds = 0.0

    @property
    def figures(self) -> PoolFigures:
        """How the pool does."""
        return PoolFigures(
            self._size, len(self._parked), self._hits, self._misses, self._refill_seconds
        )

    async def take(self) -> DockerSandbox:
        """Hand out a parked sandbox, or wait for the next one.

        Raises:
            ExecutorDown: none came in time; says why.
        """
        loop = asyncio.get_running_loop()
        self._retire_stale()
        if self._parked:
            self._hits += 1
            self._not_before = max(self._not_before, loop.time() + REFILL_DELAY_SECONDS)
            loop.call_later(REFILL_DELAY_SECONDS, self._wake.set)
            return self._parked.popleft()
        self._misses += 1
        waiter: asyncio.Future[DockerSandbox] = loop.create_future()
        self._waiting.append(waiter)
        self._wake.set()
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                return await asyncio.shield(waiter)
        except TimeoutError:
            if waiter.done():
                return waiter.result()
            problem = self._problem or "no sandbox came up in time"
            raise ExecutorDown(f"Docker gives no sandbox: {problem}") from None
        except BaseException:
            if waiter.done():  # it came just as we gave up
                self._discard(waiter.result())
            raise
        finally:
            with suppress(ValueError):
                self._waiting.remove(waiter)

    def job_ended(self) -> None:
        """The cpu is free for a refill."""
        self._not_before = 0.0
        self._wake.set()

    async def keep(self) -> None:
        """Keep the pool full until told to stop; then discard everything that is parked."""
        try:
            async with asyncio.TaskGroup() as starts:
                while not self._stopping:
                    self._wake.clear()
                    self._retire_stale()
                    while self._should_start():
                        self._starting += 1
                        starts.create_task(self._start_one())
                    with suppress(TimeoutError):
                        async with asyncio.timeout(LOOK_SECONDS):
                            await self._wake.wait()
        finally:
            while self._parked:
                self._discard(self._parked.popleft())

    def stop(self) -> None:
        """Make no more of them; `keep` ends when those that are being made are there."""
        self._stopping = True
        self._wake.set()

    def _should_start(self) -> bool:
        missing = self._size + len(self._waiting) - len(self._parked) - self._starting
        now = asyncio.get_running_loop().time()
        held_back = now < self._not_before and not (self._waiting and self._failures == 0)
        return missing > 0 and self._starting < PARALLEL_STARTS and not held_back

    async def _start_one(self) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            sandbox = await self._make()
        except EngineError as error:
            delay = BACKOFF_SECONDS[min(self._failures, len(BACKOFF_SECONDS) - 1)]
            self._failures += 1
            self._problem = str(error)
            self._not_before = loop.time() + delay
            loop.call_later(delay, self._wake.set)
            log.warning("no sandbox: %s; next try in %g s", error, delay)
        else:
            self._failures = 0
            self._problem = ""
            self._refill_seconds = loop.time() - began
            self._park(sandbox)
        finally:
            self._starting -= 1
            self._wake.set()

    def _park(self, sandbox: DockerSandbox) -> None:
        if self._waiting:
            self._waiting.popleft().set_result(sandbox)
        else:
            self._parked.append(sandbox)

    def _retire_stale(self) -> None:
        oldest = asyncio.get_running_loop().time() - MAX_AGE_SECONDS
        fresh = [each for each in self._parked if each.is_alive and each.parked_at > oldest]
        for each in set(self._parked) - set(fresh):
            self._discard(each)
        self._parked = deque(fresh)
