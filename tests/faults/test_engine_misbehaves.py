"""Docker hangs, is slow, lacks image or disk space, or loses containers: no job gets the blame."""

import asyncio
import signal
from dataclasses import replace

import pytest

from codesync_protocol.messages import JobState
from codesync_protocol.verdict import Verdict
from codesync_server.app import App
from codesync_server.configuration.limits import JobLimits
from codesync_server.executors.contract import ExecutorUnavailable
from codesync_server.executors.docker import engine as engine_module
from codesync_server.executors.docker import engine_monitor, image, pool
from codesync_server.executors.docker import executor as executor_module
from tests.faults.engine_proxy import CREATE, REMOVE, START, EngineProxy
from tests.faults.house import HELLO, QUIET, SECONDS, SETTINGS, STAYS, house
from tests.faults.private_engine import PrivateEngine
from tests.waiting import eventually

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300, func_only=True)]

WITHOUT_POOL = replace(SETTINGS, pool_size=0)
HASTY = replace(SETTINGS, limits=replace(JobLimits(), run=replace(JobLimits().run, wall=1.0)))


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that gives Docker less time."""
    monkeypatch.setattr(engine_module, "CALL_SECONDS", 2)
    monkeypatch.setattr(engine_monitor, "ANSWER_SECONDS", 1.5)


# F11: calls that hang.


@pytest.mark.usefixtures("impatient")
async def test_f11_removals_that_hang_hold_up_no_job_and_are_tried_again(
    private_engine: PrivateEngine, proxy: EngineProxy
) -> None:
    async with house() as here:
        proxy.hang(REMOVE)
        await here.all_ok(*[await here.submit(HELLO) for _ in range(6)])
        await here.until_parked(2)
        assert len(private_engine.containers()) == 8
        proxy.heal()
        await eventually(lambda: len(private_engine.containers()) == 2, SECONDS)


@pytest.mark.usefixtures("impatient")
async def test_f11_creations_that_hang_leave_the_queue_waiting(
    private_engine: PrivateEngine, proxy: EngineProxy
) -> None:
    async with house(WITHOUT_POOL) as here:
        proxy.hang(CREATE)
        job = await here.submit(HELLO)
        await here.until_trouble("not")
        assert (await here.health())[0] == 503
        await eventually(lambda: here.room.jobs[job].state is JobState.QUEUED)
        proxy.heal()
        await here.all_ok(job)
        await here.until_well()


@pytest.mark.usefixtures("impatient")
async def test_f11_an_engine_that_stands_still_is_away_and_what_ran_goes_on_when_it_moves(
    private_engine: PrivateEngine,
) -> None:
    async with house() as here:
        await here.until_parked(2)
        running = await here.submit(QUIET)
        await here.until_running(running)
        private_engine.signal(signal.SIGSTOP)
        await here.until_trouble("did not answer")
        assert (await here.health())[0] == 503
        waiting = await here.submit(HELLO)
        private_engine.signal(signal.SIGCONT)
        await here.all_ok(running, waiting)
        assert here.output[running] == b"done\n"
        await here.until_well()


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("seen", [True, False])
async def test_f11_no_program_is_said_to_be_slow_because_the_engine_stood_still(
    private_engine: PrivateEngine, *, seen: bool
) -> None:
    async with house(HASTY) as here:
        await here.until_parked(2)
        job = await here.submit(
            f"import time\nif {seen}: print('on', flush=True)\ntime.sleep(0.7)\nprint('done')"
        )
        await here.until_running(job)
        await eventually(lambda: here.output[job] or not seen)
        private_engine.signal(signal.SIGSTOP)
        await here.until_trouble()
        if seen:
            (lost,) = await here.ended(job)
            assert lost.verdict is Verdict.LOST
        else:
            await eventually(lambda: here.room.jobs[job].state is JobState.QUEUED, SECONDS)
        private_engine.signal(signal.SIGCONT)
        await here.all_ok(await here.submit(HELLO))
        if not seen:
            await here.all_ok(job)
        await here.until_well()


# F12: an engine that is slow.


async def test_f12_with_a_slow_engine_a_burst_runs_from_cold_starts_and_everybody_sees_it(
    private_engine: PrivateEngine, proxy: EngineProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "SLOW_SECONDS", 0.8)
    async with house(replace(SETTINGS, pool_size=1, queue_per_member=20)) as here:
        await here.until_parked(1)
        proxy.slow(START, 1.0)
        jobs = [await here.submit(HELLO) for _ in range(9)]
        await here.all_ok(*jobs)
        assert {here.output[job] for job in jobs} == {b"hello\n"}
        status, health = await here.health()
        assert (status, health["status"]) == (200, "degraded")
        assert "Docker is slow" in health["reason"]
        estimates = [each.starts_in for queue in here.queues for each in queue.jobs]
        assert max(estimates) > 0
        figures = (await here.stats())["pool"]
        assert figures["misses"] >= 3
        assert figures["hit_rate"] < 0.5
        assert figures["refill_seconds"] > 1.0
        assert not any(queue.trouble for queue in here.queues), "slow is not away"
        proxy.heal()
        await here.all_ok(await here.submit(HELLO), await here.submit(HELLO))
        await eventually(lambda: not here.server.app.executor.strain, SECONDS)
        assert (await here.health())[1]["status"] == "ok"


# F13: no image, or a wrong one.


async def test_f13_a_server_whose_image_is_removed_waits_for_it_and_uses_no_other(
    private_engine: PrivateEngine,
) -> None:
    tag = image.image_tag()
    private_engine.move_image(tag, "hidden:1")
    try:
        private_engine.derive_image("hidden:1", tag, f"{image.LABEL}={image.image_hash()}")
        async with house(WITHOUT_POOL) as here:
            await here.all_ok(await here.submit(HELLO))
            await eventually(lambda: not private_engine.containers(), SECONDS)
            private_engine.remove_image(tag)
            job = await here.submit(HELLO)
            assert tag in await here.until_trouble("codesync image build")
            assert (await here.health())[0] == 503
            impostor = private_engine.derive_image("hidden:1", tag, f"{image.LABEL}=another")
            attempts = here.pool.failures
            await eventually(lambda: here.pool.failures > attempts, SECONDS)
            assert impostor not in private_engine.images_in_use()
            assert job not in here.results
            private_engine.remove_image(tag)
            private_engine.move_image("hidden:1", tag)
            await here.all_ok(job)
            await here.until_well()
    finally:
        private_engine.move_image("hidden:1", tag)


async def test_f13_a_server_that_cannot_have_its_image_does_not_start_or_warns_everybody(
    private_engine: PrivateEngine, proxy: EngineProxy
) -> None:
    proxy.refuse("^POST .*/build", 500, "pull access denied")
    private_engine.move_image(image.image_tag(), "hidden:1")
    try:
        with pytest.raises(ExecutorUnavailable, match=r"image cannot be built.*pull access denied"):
            await App.build(SETTINGS, "token", print)
        app = await App.build(replace(SETTINGS, executor="auto"), "token", print)
    finally:
        private_engine.move_image("hidden:1", image.image_tag())
    assert "pull access denied" in app.found
    assert "unsandboxed" in app.executor.info.banner


# F14: containers that vanish.


async def _remove_the_only_container(engine: PrivateEngine) -> set[str]:
    await eventually(lambda: len(engine.containers()) == 1)
    found = engine.containers()
    await asyncio.to_thread(engine.remove_containers)
    return found


async def test_f14_a_container_vanishes_under_a_program_that_nobody_saw_which_runs_again(
    private_engine: PrivateEngine,
) -> None:
    async with house(WITHOUT_POOL) as here:
        job = await here.submit(QUIET)
        await here.until_running(job)
        await _remove_the_only_container(private_engine)
        await here.all_ok(job)
        assert here.output[job] == b"done\n"


async def test_f14_a_container_vanishes_under_a_program_that_was_seen_which_is_lost(
    private_engine: PrivateEngine,
) -> None:
    async with house(WITHOUT_POOL) as here:
        job = await here.submit(STAYS)
        await eventually(lambda: here.output[job])
        await _remove_the_only_container(private_engine)
        (lost,) = await here.ended(job)
        assert lost.verdict in (Verdict.LOST, Verdict.INTERNAL_ERROR)
        assert here.output[job] == b"on\n"


async def test_f14_a_program_whose_containers_always_vanish_runs_twice_and_not_for_ever(
    private_engine: PrivateEngine,
) -> None:
    async with house(WITHOUT_POOL) as here:
        job = await here.submit("while True: pass")
        vanished: set[str] = set()
        for _ in range(2):
            await eventually(lambda: len(private_engine.containers() - vanished) == 1, SECONDS)
            await eventually(lambda: here.server.app.executor.pool.waiting == 0)
            await here.until_running(job)
            vanished.update(await _remove_the_only_container(private_engine))
        (lost,) = await here.ended(job)
        assert lost.verdict in (Verdict.LOST, Verdict.INTERNAL_ERROR)
        assert here.pool.misses == 2


# F16: what has waited for long, or is made of something else, or was let go of.


async def test_f16_what_is_old_is_replaced_before_it_goes(
    private_engine: PrivateEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house() as here:
        await here.until_parked(2)
        first = private_engine.containers()
        monkeypatch.setattr(pool, "CHECK_SECONDS", 0.1)
        monkeypatch.setattr(pool, "MAX_AGE_SECONDS", 2.0)
        await here.all_ok(await here.submit(HELLO))
        await eventually(lambda: not first & private_engine.containers(), SECONDS)
        monkeypatch.setattr(pool, "MAX_AGE_SECONDS", 600.0)
        assert here.pool.retired >= 1
        assert here.pool.parked >= 2
        await here.all_ok(await here.submit(HELLO))
        assert here.pool.misses == 0, "there always was one"


async def test_f16_an_image_that_was_built_anew_is_used_from_then_on(
    private_engine: PrivateEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executor_module, "MAINTENANCE_SECONDS", 0.2)
    label = f"{image.LABEL}={image.image_hash()}"
    async with house() as here:
        await here.until_parked(2)
        private_engine.move_image(image.image_tag(), "hidden:1")
        try:
            anew = private_engine.derive_image("hidden:1", image.image_tag(), label)
            await eventually(lambda: private_engine.images_in_use() == [anew] * 2, SECONDS)
            await here.all_ok(await here.submit(HELLO))
        finally:
            private_engine.move_image("hidden:1", image.image_tag())
        await eventually(lambda: anew not in private_engine.images_in_use(), SECONDS)


async def test_f16_containers_that_were_cut_off_end_and_are_replaced(
    private_engine: PrivateEngine, proxy: EngineProxy
) -> None:
    async with house() as here:
        await here.until_parked(2)
        before = private_engine.containers()
        proxy.cut()
        await eventually(lambda: not before & private_engine.containers(), SECONDS)
        await here.until_parked(2)
        await here.all_ok(await here.submit(HELLO))
        await here.until_well()


# F25, F26: the disk.


async def test_f25_a_full_disk_keeps_jobs_waiting_until_there_is_room(
    private_engine: PrivateEngine,
) -> None:
    async with house(WITHOUT_POOL) as here:
        await asyncio.to_thread(private_engine.fill)
        jobs = [await here.submit(HELLO) for _ in range(3)]
        trouble = await here.until_trouble("no space left on device")
        status, health = await here.health()
        assert (status, health["reason"]) == (503, trouble)
        assert not here.results
        private_engine.free()
        await here.all_ok(*jobs)
        await here.until_well()


async def test_f26_what_programs_write_is_never_on_the_engines_disk(
    private_engine: PrivateEngine,
) -> None:
    private_engine.kill()
    private_engine.start("--log-driver=json-file")
    async with house(WITHOUT_POOL) as here:
        before = private_engine.written
        job = await here.submit(
            "import sys, time\nsys.stdout.write('x' * 4_000_000)\ntime.sleep(60)"
        )
        await eventually(lambda: len(here.output[job]) == 4_000_000, SECONDS)
        assert private_engine.written - before < 200_000
        here.room.cancel(job)
        await here.ended(job)
