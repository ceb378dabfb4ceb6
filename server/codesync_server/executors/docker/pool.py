"""The pool of parked sandboxes of one spec, and the task that refills it.

Nothing of the engine's work is on the way of a job that finds one waiting; and what refills the
pool starts a little later, so that it does not take the cpu from that job.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress

from codesync_server.executors.contract import ExecutorUnavailable, PoolStats
from codesync_server.executors.docker.container import DockerSandbox
from codesync_server.executors.docker.engine import EngineError
from codesync_server.executors.docker.sandbox_spec import SandboxSpec

REFILL_DELAY_SECONDS = 0.1
PARALLEL_STARTS = 2
MAX_AGE_SECONDS = 600.0
"""A parked sandbox that is older is replaced: it is given up when a new one is there."""

OUTDATED_SECONDS = 2 * MAX_AGE_SECONDS
"""One that is older is never handed out, even when no new one can be had."""

CHECK_SECONDS = 15.0
"""How often the parked ones are looked at."""

SLOW_SECONDS = 3.0
"""An engine that takes longer for one start is slow: then one is made after the other, with a
pause as long as the start took, unless jobs wait for them."""

PAUSE_SECONDS_MAX = 10.0

BACKOFF_SECONDS = (0.5, 1.0, 2.0, 5.0, 10.0)
"""Pauses after so many starts that failed one after the other."""

TROUBLE_FAILURES = 2
"""So many failures one after the other are no chance: jobs wait in the queue from then on."""

log = logging.getLogger(__name__)


class Pool:
    """Parked sandboxes.

    Args:
        sandbox_spec: what they are made from.
        size: how many should be parked.
        reserve: how many of them patient jobs leave to others; less than `size`, or 0.
        create: creates one; raises EngineError.
        discard: removes one in the background.
        on_change: called when trouble, strain or readiness may have changed.
        check_engine: called when a parked one died or a start failed: the engine may be away.
    """

    def __init__(
        self,
        sandbox_spec: SandboxSpec,
        size: int,
        create: Callable[[SandboxSpec], Awaitable[DockerSandbox]],
        discard: Callable[[DockerSandbox], object],
        *,
        reserve: int = 0,
        on_change: Callable[[], None] = lambda: None,
        check_engine: Callable[[], None] = lambda: None,
    ) -> None:
        self._sandbox_spec = sandbox_spec
        self._size = size
        self._reserved = reserve
        self._create = create
        self._discard = discard
        self._on_change = on_change
        self._check_engine = check_engine
        self._parked: deque[DockerSandbox] = deque()  # the oldest first
        self._waiting: deque[asyncio.Future[DockerSandbox]] = deque()
        self._patient_waiting: deque[asyncio.Future[DockerSandbox]] = deque()
        self._patient_is_next = False
        self._starting = 0
        self._consecutive_failures = 0
        self._refill_after = 0.0  # no refill: the cpu is a job's, or the engine is slow
        self._retry_after = 0.0  # the engine is not to be asked
        self._pause_reason = ""
        self._problem = ""
        self._wake = asyncio.Event()
        self._stopping = False
        self._hits = self._misses = self._retired = self._failure_count = 0
        self._refill_seconds = 0.0

    @property
    def figures(self) -> PoolStats:
        """How the pool does."""
        return PoolStats(
            size=self._size,
            parked=len(self._parked),
            starting=self._starting,
            waiting=self._waiters,
            hits=self._hits,
            misses=self._misses,
            retired=self._retired,
            failures=self._failure_count,
            refill_seconds=self._refill_seconds,
            oldest_seconds=self._now() - self._parked[0].parked_at if self._parked else 0.0,
        )

    @property
    def trouble(self) -> str:
        """Why no sandbox can be made now; empty while they can."""
        return self._pause_reason or (
            self._problem if self._consecutive_failures >= TROUBLE_FAILURES else ""
        )

    @property
    def is_slow(self) -> bool:
        """Whether the engine took long for the last one."""
        return self._refill_seconds > SLOW_SECONDS

    @property
    def is_ready(self) -> bool:
        """Whether one is there, or can be made."""
        return not self._pause_reason and (bool(self._parked) or not self.trouble)

    @property
    def _waiters(self) -> int:
        return len(self._waiting) + len(self._patient_waiting)

    @property
    def _reserve(self) -> int:
        """The number of parked sandboxes that patient jobs leave to others."""
        # Nothing is reserved while no sandbox could replace it.
        return 0 if self.trouble else self._reserved

    async def acquire(self, *, patient: bool = False) -> DockerSandbox:
        """Hand out a parked sandbox, or wait for the next one.

        Args:
            patient: leave the reserve to others, who also get every other new sandbox if they
                want it.

        Raises:
            ExecutorUnavailable: none can be made; says why.
        """
        self._retire()
        if not self.is_ready or self._stopping:
            raise ExecutorUnavailable(self.trouble or "the server is shutting down")
        if len(self._parked) > (self._reserve if patient else 0):
            self._hits += 1
            self._refill_after = max(self._refill_after, self._now() + REFILL_DELAY_SECONDS)
            self._wake_in(REFILL_DELAY_SECONDS)
            return self._hand_out(self._parked.popleft())
        self._misses += 1
        waiter: asyncio.Future[DockerSandbox] = asyncio.get_running_loop().create_future()
        queue = self._patient_waiting if patient else self._waiting
        queue.append(waiter)
        self._wake.set()
        try:
            return self._hand_out(await waiter)
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self._discard(waiter.result())  # it came just as the job gave up
            raise
        finally:
            with suppress(ValueError):
                queue.remove(waiter)

    def _hand_out(self, sandbox: DockerSandbox) -> DockerSandbox:
        sandbox.taken_at = self._now()
        sandbox.set_end_callback(lambda: None)
        return sandbox

    def job_ended(self) -> None:
        """The cpu is free for a refill."""
        if not self.is_slow:
            self._refill_after = 0.0
            self._wake.set()

    def pause(self, problem: str) -> None:
        """Ask nothing of the engine while it is away; nothing is handed out either.

        Args:
            problem: why, for people; empty when it is back.
        """
        self._pause_reason = problem
        if problem:
            self._fail_waiters(problem)
        else:
            self._consecutive_failures, self._retry_after = 0, 0.0
        self._wake.set()

    def change_spec(self, sandbox_spec: SandboxSpec) -> None:
        """Make them from something else from now on; those of the old spec are destroyed."""
        self._sandbox_spec = sandbox_spec
        self._consecutive_failures, self._retry_after = 0, 0.0
        self._wake.set()

    async def run(self) -> None:
        """Keep the pool full until told to stop; then discard everything that is parked."""
        try:
            async with asyncio.TaskGroup() as starts:
                while not self._stopping:
                    self._wake.clear()
                    self._retire()
                    while self._should_start():
                        self._starting += 1
                        starts.create_task(self._start_one())
                    with suppress(TimeoutError):
                        async with asyncio.timeout(CHECK_SECONDS):
                            await self._wake.wait()
        finally:
            while self._parked:
                self._discard(self._parked.popleft())

    def stop(self) -> None:
        """Create no more of them; `run` returns when the starts under way have finished."""
        self._stopping = True
        self._fail_waiters("the server is shutting down")
        self._wake.set()

    def _should_start(self) -> bool:
        now = self._now()
        if self._pause_reason or now < self._retry_after or self._starting >= PARALLEL_STARTS:
            return False
        fresh = sum(now - each.parked_at < MAX_AGE_SECONDS for each in self._parked)
        missing = self._size + self._waiters - fresh - self._starting
        if self.trouble:
            missing = max(missing, 1)  # how else should a pool of size 0 find out that all is well
        if missing <= 0 or self._consecutive_failures:
            return missing > 0 and self._starting == 0
        if self._waiters > self._starting:
            return True
        return now >= self._refill_after and not (self.is_slow and self._starting)

    async def _start_one(self) -> None:
        began = self._now()
        try:
            sandbox = await self._create(self._sandbox_spec)
        except EngineError as error:
            self._record_failure(str(error))
        except Exception:
            # A bug in one start must end neither the pool nor the server.
            log.exception("a sandbox could not be made for a reason that nobody has foreseen")
            self._record_failure("a sandbox could not be made; see the server's log")
        else:
            self._refill_seconds = self._now() - began
            self._consecutive_failures, self._problem = 0, ""
            if self.is_slow:
                pause = min(self._refill_seconds, PAUSE_SECONDS_MAX)
                self._refill_after = self._now() + pause
                self._wake_in(pause)
            self._park(sandbox)
        finally:
            self._starting -= 1
            self._wake.set()
            self._on_change()

    def _record_failure(self, problem: str) -> None:
        self._failure_count += 1
        if self._pause_reason:
            return  # that is known already
        self._check_engine()
        delay = BACKOFF_SECONDS[min(self._consecutive_failures, len(BACKOFF_SECONDS) - 1)]
        self._consecutive_failures += 1
        self._problem = problem
        self._retry_after = self._now() + delay
        self._wake_in(delay)
        log.warning("no sandbox: %s; next try in %g s", problem, delay)
        if self.trouble:
            self._fail_waiters(problem)

    def _fail_waiters(self, why: str) -> None:
        for queue in (self._waiting, self._patient_waiting):
            while queue:
                waiter = queue.popleft()
                if not waiter.done():
                    waiter.set_exception(ExecutorUnavailable(why))

    def _park(self, sandbox: DockerSandbox) -> None:
        if self._patient_is_next and self._serve(self._patient_waiting, sandbox):
            self._patient_is_next = False
            return
        self._patient_is_next = bool(self._patient_waiting)
        if self._serve(self._waiting, sandbox):
            return
        if len(self._parked) >= self._reserve and self._serve(self._patient_waiting, sandbox):
            return
        sandbox.set_end_callback(self._parked_sandbox_ended)
        self._parked.append(sandbox)
        self._retire()

    @staticmethod
    def _serve(queue: "deque[asyncio.Future[DockerSandbox]]", sandbox: DockerSandbox) -> bool:
        """Give a sandbox to the first job of a queue.

        Returns:
            False if no job waits.
        """
        while queue:
            waiter = queue.popleft()
            if not waiter.done():
                waiter.set_result(sandbox)
                return True
        return False

    def _parked_sandbox_ended(self) -> None:
        self._wake.set()
        self._check_engine()

    def _retire(self) -> None:
        """Give up what must not be handed out any more, and what is old and replaced."""
        now = self._now()
        for each in list(self._parked):
            replaced = len(self._parked) > self._size and now - each.parked_at >= MAX_AGE_SECONDS
            outdated = now - each.parked_at >= OUTDATED_SECONDS
            if replaced or outdated or not each.is_alive or each.sandbox_spec != self._sandbox_spec:
                self._parked.remove(each)
                self._retired += 1
                self._discard(each)

    def _wake_in(self, seconds: float) -> None:
        asyncio.get_running_loop().call_later(seconds, self._wake.set)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
