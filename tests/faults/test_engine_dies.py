"""Docker or parts of it die: jobs wait or start again, members are informed, service resumes."""

import asyncio
import os
import signal
from collections.abc import Callable
from dataclasses import replace

import pytest

from codesync_protocol.messages import JobState
from codesync_protocol.verdict import Verdict
from tests.faults.house import HELLO, QUIET, SECONDS, SETTINGS, STAYS, house
from tests.faults.private_engine import PrivateEngine
from tests.waiting import eventually

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300, func_only=True)]

WITHOUT_POOL = replace(SETTINGS, pool_size=0)

TICKS = "import time\nfor n in range(150): print(n, flush=True); time.sleep(0.1)"


async def _dies_and_comes_back(
    engine: PrivateEngine, die: Callable[[], None], quiet: str = QUIET
) -> None:
    async with house() as here:
        await here.until_parked(2)
        seen, unseen = await here.submit(STAYS), await here.submit(quiet)
        waiting = [await here.submit(HELLO) for _ in range(3)]
        await eventually(lambda: here.output[seen] == b"on\n")
        await here.until_running(unseen)

        await asyncio.to_thread(die)
        (lost,) = await here.ended(seen)
        assert lost.verdict is Verdict.LOST
        trouble = await here.until_trouble()
        assert await here.health() == (
            503,
            {"status": "down", "reason": trouble, "executor": "docker", "sandboxed": True},
        )
        await eventually(lambda: here.room.jobs[unseen].state is JobState.QUEUED)
        assert {job.job: job.state for job in here.room.queue.jobs} == dict.fromkeys(
            [unseen, *waiting], "queued"
        )
        late = await here.submit(HELLO)

        await asyncio.to_thread(engine.start)
        await here.all_ok(unseen, *waiting, late)
        assert here.output[unseen] == b"done\n"
        await here.until_well()
        await here.until_parked(2)
        await eventually(lambda: len(engine.containers()) == 2, SECONDS)
    assert engine.containers() == set()


async def test_f06_dockerd_is_killed(private_engine: PrivateEngine) -> None:
    await _dies_and_comes_back(private_engine, private_engine.kill)


async def test_f07_dockerd_is_told_to_end(private_engine: PrivateEngine) -> None:
    def end() -> None:
        private_engine.signal(signal.SIGTERM)
        private_engine.wait_for_end()

    # It lets programs go on for ten seconds.
    await _dies_and_comes_back(private_engine, end, QUIET.replace("2", "14"))


async def test_f06_dockerd_dies_while_nobody_does_anything(private_engine: PrivateEngine) -> None:
    async with house() as here:
        await here.until_parked(2)
        await asyncio.to_thread(private_engine.kill)
        await here.until_trouble("nobody answers on Docker's socket")
        await asyncio.to_thread(private_engine.start)
        await here.until_well()
        await here.until_parked(2)
        await here.all_ok(await here.submit(HELLO))


async def test_f06_whoever_comes_while_dockerd_is_dead_is_told_at_once_and_may_leave_the_queue(
    private_engine: PrivateEngine,
) -> None:
    async with house() as here:
        await here.until_parked(2)
        await asyncio.to_thread(private_engine.kill)
        trouble = await here.until_trouble()
        job = await here.submit(HELLO)
        async with here.server.room("cid") as cid:
            assert cid.welcome.queue.trouble == trouble
            assert [each.job for each in cid.welcome.queue.jobs] == [job]
            cid.cancel(job)
            (cancelled,) = await here.ended(job)
        assert cancelled.verdict is Verdict.CANCELLED


async def test_f06_a_server_ends_although_dockerd_is_dead(private_engine: PrivateEngine) -> None:
    async with house() as here:
        await here.until_parked(2)
        await asyncio.to_thread(private_engine.kill)
        await here.until_trouble()
        job = await here.submit(HELLO)
        here.server.stop.set()
        (lost,) = await here.ended(job)
        assert lost.verdict is Verdict.LOST
        assert "shut down" in lost.explanation


async def test_f08_a_program_that_outlives_dockerd_is_lost_and_not_silently_short(
    private_engine: PrivateEngine,
) -> None:
    private_engine.kill()
    private_engine.start("--live-restore")
    async with house() as here:
        await here.until_parked(2)
        job = await here.submit(TICKS)
        await eventually(lambda: b"5\n" in here.output[job])
        before = await asyncio.to_thread(private_engine.shims)
        await asyncio.to_thread(private_engine.kill)
        (lost,) = await here.ended(job)
        assert lost.verdict is Verdict.LOST
        assert (await asyncio.to_thread(private_engine.shims)).keys() <= before.keys()
        await asyncio.to_thread(private_engine.start, "--live-restore")
        await here.until_well()
        await here.until_parked(2)
        await eventually(lambda: len(private_engine.containers()) == 2, SECONDS)
        assert not before.keys() & private_engine.containers(), "what survived is removed"
        await here.all_ok(await here.submit(HELLO))


async def test_f09_containerd_is_killed(private_engine: PrivateEngine) -> None:
    async with house() as here:
        await here.until_parked(2)
        running = await here.submit(QUIET)
        await here.until_running(running)
        os.kill(private_engine.containerd(), signal.SIGKILL)
        await here.all_ok(running)
        await here.all_ok(*[await here.submit(HELLO) for _ in range(4)])
        await here.until_well()
        await here.until_parked(2)
        await eventually(lambda: len(private_engine.containers()) == 2, SECONDS)


async def _shim_of_the_only_container(engine: PrivateEngine) -> int:
    (container,) = await asyncio.to_thread(engine.containers)
    return engine.shims()[container]


async def test_f10_a_shim_is_killed_under_a_program_that_was_seen(
    private_engine: PrivateEngine,
) -> None:
    async with house(WITHOUT_POOL) as here:
        job = await here.submit(STAYS)
        await eventually(lambda: here.output[job])
        os.kill(await _shim_of_the_only_container(private_engine), signal.SIGKILL)
        (result,) = await here.ended(job)
        assert result.verdict in (Verdict.INTERNAL_ERROR, Verdict.LOST)
        assert result.signal is None, "the program is not said to have died of a signal"
        await here.all_ok(await here.submit(HELLO))
        await eventually(lambda: not private_engine.containers(), SECONDS)


async def test_f10_a_shim_is_killed_under_a_program_that_nobody_saw(
    private_engine: PrivateEngine,
) -> None:
    async with house(WITHOUT_POOL) as here:
        job = await here.submit(QUIET)
        await here.until_running(job)
        os.kill(await _shim_of_the_only_container(private_engine), signal.SIGKILL)
        await here.all_ok(job)
        assert here.output[job] == b"done\n"
