"""The pool stays full, hands out fresh and live sandboxes, and recovers from failures."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import cast

import pytest

from codesync_server.executors.contract import ExecutorUnavailable
from codesync_server.executors.docker import pool as pool_module
from codesync_server.executors.docker.container import DockerSandbox
from codesync_server.executors.docker.engine import EngineError
from codesync_server.executors.docker.pool import Pool
from codesync_server.executors.docker.profile import SandboxProfile
from codesync_server.executors.docker.sandbox_spec import SandboxSpec
from tests.waiting import eventually

RECIPE = SandboxSpec("sha256:one", SandboxProfile())


class Parked:
    """A sandbox that does nothing but wait, as far as a pool sees it."""

    def __init__(self, sandbox_spec: SandboxSpec) -> None:
        self.sandbox_spec = sandbox_spec
        self.is_alive = True
        self.parked_at = asyncio.get_running_loop().time()
        self.taken_at = 0.0
        self._tell: Callable[[], None] = lambda: None

    def set_end_callback(self, callback: Callable[[], None]) -> None:
        """Whom to tell of our end."""
        self._tell = callback

    def die(self) -> None:
        """End."""
        self.is_alive = False
        self._tell()


class Works:
    """A pool at work, and what makes and takes away its sandboxes.

    Attributes:
        begun: how many were begun to be made.
        most: how many were being made at once at most.
        discarded: what was given up.
        failure: what the making of one raises; None: it succeeds.
        may_make: when cleared, making takes until it is set.
        engine_checks: how often the pool asked for a check of the engine.
    """

    def __init__(self, size: int, reserve: int) -> None:
        self.begun = self.most = self.engine_checks = 0
        self.discarded: list[DockerSandbox] = []
        self.failure: Exception | None = None
        self.may_make = asyncio.Event()
        self.may_make.set()
        self._making = 0
        self.pool = Pool(
            RECIPE,
            size,
            self._make,
            self.discarded.append,
            reserve=reserve,
            check_engine=self._check_engine,
        )

    async def _make(self, sandbox_spec: SandboxSpec) -> DockerSandbox:
        self.begun += 1
        self._making += 1
        self.most = max(self.most, self._making)
        try:
            await self.may_make.wait()
            await asyncio.sleep(0)
            if self.failure is not None:
                raise self.failure
        finally:
            self._making -= 1
        return cast(DockerSandbox, Parked(sandbox_spec))

    def _check_engine(self) -> None:
        self.engine_checks += 1

    async def until_parked(self, count: int) -> None:
        """Wait until so many are parked."""
        await eventually(lambda: self.pool.figures.parked == count)

    async def until_failed(self, count: int) -> None:
        """Wait until so many starts have failed."""
        await eventually(lambda: self.pool.figures.failures >= count)

    async def take(self, *, patient: bool = False) -> Parked:
        """Take one."""
        return cast(Parked, await self.pool.acquire(patient=patient))


@asynccontextmanager
async def working(size: int, reserve: int = 0) -> AsyncGenerator[Works, None]:
    """A pool that is kept full while the block lasts."""
    works = Works(size, reserve)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(works.pool.run())
        try:
            yield works
        finally:
            works.pool.stop()
            works.may_make.set()
    assert works.pool.figures.parked == 0


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses are short."""
    monkeypatch.setattr(pool_module, "BACKOFF_SECONDS", (0.01, 0.02))
    monkeypatch.setattr(pool_module, "CHECK_SECONDS", 0.02)


async def test_it_holds_as_many_as_it_should_and_counts_hits_and_misses() -> None:
    async with working(2) as works:
        await works.until_parked(2)
        assert works.begun == 2
        for _ in range(2):
            await works.take()
        await works.until_parked(2)
        assert works.pool.figures.hit_rate == 1.0
        assert works.pool.figures.oldest_seconds >= 0
    assert len(works.discarded) == 2, "what was parked is given up at the end"
    async with working(0) as works:
        await works.take()
        assert (works.pool.figures.hits, works.pool.figures.misses) == (0, 1)
        assert works.pool.figures.hit_rate == 0.0


async def test_bursts_larger_than_it_are_served_in_order_of_their_coming() -> None:
    async with working(1) as works:
        await works.until_parked(1)
        works.may_make.clear()
        served: list[int] = []

        async def take(number: int) -> None:
            await works.pool.acquire()
            served.append(number)

        async with asyncio.TaskGroup() as tasks:
            for number in range(6):
                tasks.create_task(take(number))
            await eventually(lambda: works.pool.figures.waiting == 5)
            works.may_make.set()
        assert served == sorted(served)
        assert works.most <= pool_module.PARALLEL_STARTS


async def test_the_dead_are_replaced_at_once_and_never_handed_out() -> None:
    async with working(2) as works:
        await works.until_parked(2)
        works.may_make.clear()
        first, second = await works.take(), await works.take()
        works.may_make.set()
        assert first.is_alive
        assert second.is_alive
        await works.until_parked(2)
        for each in list(works.pool._parked):  # pyright: ignore[reportPrivateUsage]
            cast(Parked, each).die()
        assert works.engine_checks == 2
        assert (await works.take()).is_alive
        assert len(works.discarded) == 2


@pytest.mark.usefixtures("hasty")
async def test_the_old_are_handed_out_until_there_are_others_but_not_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with working(2) as works:
        await works.until_parked(2)
        works.may_make.clear()
        monkeypatch.setattr(pool_module, "MAX_AGE_SECONDS", 0.0)
        await eventually(lambda: works.begun == 4)
        assert works.pool.figures.parked == 2, "nothing goes before there is another one"
        monkeypatch.setattr(pool_module, "OUTDATED_SECONDS", 0.0)
        await works.until_parked(0)
        assert works.pool.figures.retired == 2
        monkeypatch.setattr(pool_module, "MAX_AGE_SECONDS", 600.0)
        monkeypatch.setattr(pool_module, "OUTDATED_SECONDS", 1200.0)
        works.may_make.set()
        await works.until_parked(2)


async def test_what_is_made_of_something_else_is_not_handed_out() -> None:
    other = SandboxSpec("sha256:two", RECIPE.profile)
    async with working(2) as works:
        await works.until_parked(2)
        works.pool.change_spec(other)
        assert (await works.take()).sandbox_spec == other
        assert len(works.discarded) == 2


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize(
    "failure", [EngineError("no space left on device"), KeyError("a bug"), RuntimeError("another")]
)
async def test_starts_that_fail_end_neither_the_pool_nor_its_jobs(failure: Exception) -> None:
    async with working(1) as works:
        works.failure = failure
        await works.until_failed(3)
        await eventually(lambda: works.pool.trouble and not works.pool.is_ready)
        with pytest.raises(ExecutorUnavailable):
            await works.take()
        works.failure = None
        await works.until_parked(1)
        await eventually(lambda: works.pool.is_ready and not works.pool.trouble)
        await works.take()


@pytest.mark.usefixtures("hasty")
async def test_one_failure_is_no_trouble_and_whoever_waits_gets_the_next_one() -> None:
    async with working(0) as works:
        works.may_make.clear()
        works.failure = EngineError("a hiccup")
        taking = asyncio.ensure_future(works.take())
        await eventually(lambda: works.begun == 1)
        works.may_make.set()
        await works.until_failed(1)
        works.failure = None
        assert (await taking).is_alive
        assert works.engine_checks == 1


async def test_after_failures_it_waits_longer_each_time_and_tries_one_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pool_module, "BACKOFF_SECONDS", (0.01, 0.02, 3600.0))
    async with working(4) as works:
        works.failure = EngineError("no")
        await works.until_failed(pool_module.PARALLEL_STARTS + 1)
        works.pool.job_ended()
        for _ in range(5):
            await asyncio.sleep(0)
        assert works.begun == 3, "a job's end is no reason to ask a broken engine again"


async def test_a_pool_without_parked_ones_finds_out_by_itself_that_all_is_well_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pool_module, "BACKOFF_SECONDS", (0.01,))
    async with working(0) as works:
        works.failure = EngineError("no")
        with pytest.raises(ExecutorUnavailable, match="no"):
            await works.take()
        assert not works.pool.is_ready
        works.failure = None
        await eventually(lambda: works.pool.is_ready)


async def test_while_the_engine_is_away_nobody_waits_and_nothing_is_asked() -> None:
    async with working(1) as works:
        await works.until_parked(1)
        works.pool.pause("Docker is away")
        with pytest.raises(ExecutorUnavailable, match="Docker is away"):
            await works.take()
        works.pool.pause("")
        assert (await works.take()).is_alive, "what was parked is still good"
        works.may_make.clear()
        await eventually(lambda: works.begun == 2)
        taking = asyncio.ensure_future(works.take())
        await eventually(lambda: works.begun == 3)
        works.pool.pause("Docker is away")
        with pytest.raises(ExecutorUnavailable, match="Docker is away"):
            await taking
        works.may_make.set()
        await works.until_parked(2)
        assert works.begun == 3
        works.pool.pause("")


async def test_a_slow_engine_is_given_pauses_but_whoever_waits_is_served(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pool_module, "SLOW_SECONDS", -1.0)
    monkeypatch.setattr(pool_module, "PAUSE_SECONDS_MAX", 3600.0)
    async with working(3) as works:
        await works.until_parked(3)
        assert works.pool.is_slow
        for _ in range(8):
            await works.take()
        assert works.pool.figures.misses >= 1


async def test_whoever_gives_up_waiting_leaves_nothing_behind() -> None:
    async with working(0) as works:
        works.may_make.clear()
        taking = asyncio.ensure_future(works.take())
        await eventually(lambda: works.begun == 1)
        taking.cancel()
        await asyncio.wait([taking])
        works.may_make.set()
        await works.until_parked(1)
        assert works.pool.figures.waiting == 0


async def test_h32_patient_jobs_leave_the_last_parked_one_to_others() -> None:
    async with working(2, reserve=1) as works:
        await works.until_parked(2)
        works.may_make.clear()
        await works.take(patient=True)
        waiting = asyncio.ensure_future(works.take(patient=True))
        await eventually(lambda: works.pool.figures.waiting == 1)
        assert works.pool.figures.parked == 1
        await works.take()
        assert not waiting.done()
        works.may_make.set()
        await waiting
        assert (works.pool.figures.hits, works.pool.figures.misses) == (2, 1)


async def test_h32_every_other_new_one_is_for_patient_jobs_while_others_want_them() -> None:
    async with working(2, reserve=1) as works:
        await works.until_parked(2)
        works.may_make.clear()
        for _ in range(2):
            await works.take()
        served: list[str] = []

        async def take(name: str, *, patient: bool) -> None:
            await works.take(patient=patient)
            served.append(name)

        async with asyncio.TaskGroup() as tasks:
            for name in ("patient 1", "patient 2"):
                tasks.create_task(take(name, patient=True))
            await eventually(lambda: works.pool.figures.waiting == 2)
            for name in ("other 1", "other 2"):
                tasks.create_task(take(name, patient=False))
            await eventually(lambda: works.pool.figures.waiting == 4)
            works.may_make.set()
        assert served == ["other 1", "patient 1", "other 2", "patient 2"]


async def test_h32_patient_jobs_get_new_ones_while_the_reserve_is_full() -> None:
    async with working(2, reserve=1) as works:
        await works.until_parked(2)
        for _ in range(10):
            await works.take(patient=True)
            assert works.pool.figures.parked >= 1
        assert works.pool.figures.hits + works.pool.figures.misses == 10


@pytest.mark.parametrize("size", [0, 2])
async def test_without_a_reserve_patient_jobs_get_all(size: int) -> None:
    async with working(size) as works:
        await works.until_parked(size)
        for _ in range(size + 1):
            await works.take(patient=True)
        assert works.pool.figures.hits == size


async def test_nothing_is_reserved_while_no_sandbox_can_be_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pool_module, "BACKOFF_SECONDS", (0.01, 3600.0))
    async with working(3, reserve=1) as works:
        await works.until_parked(3)
        works.failure = EngineError("no space left on device")
        for _ in range(2):
            await works.take(patient=True)
        waiting = asyncio.ensure_future(works.take(patient=True))
        await eventually(lambda: works.pool.trouble)
        with pytest.raises(ExecutorUnavailable, match="no space left"):
            await waiting
        assert works.pool.is_ready
        await works.take(patient=True)
        assert works.pool.figures.parked == 0
        works.failure = None
