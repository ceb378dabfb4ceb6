"""Slots are assigned in turn and within their number; failures stay in one job."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from codesync_protocol.messages import JobState, StdinMode, Stream
from codesync_protocol.verdict import Result, Verdict
from codesync_server.configuration.settings import Settings
from codesync_server.executors import session
from codesync_server.executors.contract import Executor
from codesync_server.jobs import scheduler
from codesync_server.jobs.job import Job
from codesync_server.jobs.queue import QueueFull
from codesync_server.jobs.scheduler import Scheduler, ServerDraining
from tests.server.doubles import (
    BrokenExecutor,
    DownExecutor,
    GoodExecutor,
    NeverExecutor,
    Recorder,
    SlowExecutor,
)
from tests.server.making import all_languages, key_of, make_job
from tests.waiting import eventually

SETTINGS = Settings(max_concurrent=3, queue_limit=100, queue_per_member=100, drain_seconds=0.05)


class Works:
    """A scheduler at work, and what it said."""

    def __init__(self, executor: Executor, settings: Settings) -> None:
        self.events = Recorder()
        self.scheduler = Scheduler(executor, all_languages(), settings, self.events)

    def submit(
        self,
        number: int,
        script: str = "exit 0",
        *,
        room: str = "test-room",
        member: str = "ana",
        tty: bool = False,
    ) -> Job:
        """Queue a job that does what a script says."""
        job = make_job(number, source=script.encode(), room=room, member=member, tty=tty)
        self.scheduler.submit(job)
        return job

    async def until_finished(self, *jobs: Job) -> list[Verdict]:
        """Wait until jobs have ended; gives their verdicts."""
        await eventually(lambda: all(job.is_finished for job in jobs))
        return [result_of(job).verdict for job in jobs]

    async def until_idle(self) -> None:
        """Wait until no job has a slot."""
        await eventually(lambda: not self.scheduler.active)


@asynccontextmanager
async def working(executor: Executor, settings: Settings = SETTINGS) -> AsyncGenerator[Works, None]:
    """Run a scheduler while the block lasts."""
    works = Works(executor, settings)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(works.scheduler.run())
        yield works
        running.cancel()


def result_of(job: Job) -> Result:
    assert job.result is not None
    return job.result


def states(jobs: list[Job]) -> list[JobState]:
    return [job.state for job in jobs]


# Running.


async def test_a_job_runs_to_its_verdict() -> None:
    executor = GoodExecutor()
    async with working(executor) as works:
        job = works.submit(1, "print hello\nerror oh\nexit 3")
        await works.until_finished(job)
        await works.until_idle()
    result = result_of(job)
    assert (result.verdict, result.exit_code) == (Verdict.RUNTIME_ERROR, 3)
    assert (result.wall_seconds, result.cpu_seconds, result.output_bytes) == (0.25, 0.125, 9)
    assert [stage.name for stage in result.stages] == ["queued", "claimed", "ran"]
    assert [(stream, at, data) for _, stream, at, data in works.events.written] == [
        (Stream.STDOUT, 0, b"hello\n"),
        (Stream.STDERR, 6, b"oh\n"),
    ]
    assert works.events.started == works.events.finished == [job]
    assert list(job.files) == []
    assert executor.bench.destroyed == [True]


async def test_never_more_jobs_run_than_may_and_all_do() -> None:
    executor = SlowExecutor()
    async with working(executor) as works:
        most: list[int] = []
        works.events.watch = lambda: most.append(works.scheduler.active)
        jobs = [works.submit(n, f"print {n}", member=f"m{n % 7}") for n in range(40)]
        while any(not job.is_finished for job in jobs):
            await eventually(lambda: executor.wanted or all(j.is_finished for j in jobs))
            executor.allow()
            await asyncio.sleep(0)
        await works.until_idle()
    assert max(most) == 3
    assert executor.bench.peak <= 3
    assert executor.bench.alive == 0
    assert [b"".join(works.events.output(job)) for job in jobs] == [b"%d\n" % n for n in range(40)]


async def test_jobs_get_their_slots_in_the_order_of_their_turns() -> None:
    executor = GoodExecutor()
    async with working(executor, replace(SETTINGS, max_concurrent=1)) as works:
        first = works.submit(0, "wait")
        await eventually(lambda: works.scheduler.active)
        mine = [works.submit(n, room="room-a") for n in (1, 2, 3)]
        other = works.submit(4, room="room-b")
        expected = [first, *works.scheduler.waiting()]
        assert works.scheduler.queued == 4
        executor.bench.released.set()
        await works.until_finished(first, *mine, other)
    assert works.events.finished == expected == [first, mine[0], other, mine[1], mine[2]]


async def test_a_thousand_jobs_delay_another_rooms_first_by_one_turn_at_the_most() -> None:
    executor = GoodExecutor()
    many = replace(SETTINGS, queue_limit=2000, queue_per_room=1000, queue_per_member=2000)
    async with working(executor, many) as works:
        for number in range(1000):
            works.submit(number, "wait" if number < 3 else "exit 0", room="room-a")
        await eventually(lambda: works.scheduler.active == 3)
        other = works.submit(1000, room="room-b")
        executor.bench.released.set()
        await works.until_finished(other)
        before = works.events.finished.index(other)
        assert before <= 3 + 1  # those that ran already, and whose turn it was
        await eventually(lambda: len(works.events.finished) == 1001)


async def test_programs_of_one_room_that_wait_for_people_leave_a_slot_for_others() -> None:
    executor = GoodExecutor()
    async with working(executor) as works:
        talkers = [works.submit(n, "wait", room="room-a", tty=True) for n in range(3)]
        await eventually(lambda: works.scheduler.active == 2)
        quick = works.submit(3, room="room-a", member="ben")
        other = works.submit(4, room="room-b", tty=True)
        await works.until_finished(quick, other)
        assert [talker.state for talker in talkers].count(JobState.QUEUED) == 1
        executor.bench.released.set()
        await works.until_finished(*talkers)


async def test_the_only_slot_takes_any_program() -> None:
    executor = GoodExecutor()
    async with working(executor, replace(SETTINGS, max_concurrent=1)) as works:
        jobs = [works.submit(n, tty=True) for n in range(2)]
        assert await works.until_finished(*jobs) == [Verdict.OK, Verdict.OK]


async def test_the_start_of_a_job_is_estimated_from_those_that_ended() -> None:
    executor = GoodExecutor()
    async with working(executor, replace(SETTINGS, max_concurrent=1)) as works:
        scheduler = works.scheduler
        slow = works.submit(0, "wait")
        await eventually(lambda: scheduler.active)
        asyncio.get_running_loop().call_later(0.5, executor.bench.released.set)
        await works.until_finished(slow)
        await works.until_idle()
        executor.bench.released.clear()
        works.submit(1, "wait")
        await eventually(lambda: scheduler.active)
        next_one, fifth = [works.submit(number, "wait") for number in range(2, 7)][::4]
        assert scheduler.starts_in(fifth, 5) - scheduler.starts_in(next_one, 1) >= 4 * 0.5 - 0.1
        executor.bench.released.set()
        await works.until_finished(fifth)
        for number in range(7, 40):
            await works.until_finished(works.submit(number, "exit 0"))
        await works.until_idle()
        executor.bench.released.clear()
        works.submit(40, "wait")
        await eventually(lambda: scheduler.active)
        third = [works.submit(number, "wait") for number in range(41, 44)][-1]
        assert scheduler.starts_in(third, 3) < 0.5  # what jobs took lately counts
        executor.bench.released.set()


async def test_a_submission_is_told_its_place_among_all() -> None:
    executor = GoodExecutor()
    async with working(executor, replace(SETTINGS, max_concurrent=1)) as works:
        works.submit(0, "wait")
        await eventually(lambda: works.scheduler.active)
        scheduler = works.scheduler
        assert scheduler.submit(make_job(1, room="room-a", source=b"exit 0")) == 1
        assert scheduler.submit(make_job(2, room="room-a", source=b"exit 0")) == 2
        assert scheduler.submit(make_job(3, room="room-b", source=b"exit 0")) == 2
        executor.bench.released.set()
        await eventually(lambda: len(works.events.finished) == 4)


async def test_a_full_queue_refuses_and_says_so() -> None:
    executor = GoodExecutor()
    async with working(executor, replace(SETTINGS, max_concurrent=1, queue_per_member=1)) as works:
        running = works.submit(0, "wait")
        await eventually(lambda: works.scheduler.active)
        waiting = works.submit(1)
        with pytest.raises(QueueFull):
            works.submit(2)
        executor.bench.released.set()
        await works.until_finished(running, waiting)


async def test_input_reaches_the_program_and_what_it_takes_is_credited() -> None:
    async with working(GoodExecutor()) as works:
        job = make_job(1, source=b"stdin", stdin=StdinMode.PIPED, prepared=b"first ")
        job.input.accept(key_of("ana"), 0, b"early ")
        works.scheduler.submit(job)
        await eventually(lambda: job.session)
        job.input.accept(key_of("ana"), 6, b"late")
        job.input.end(key_of("ana"))
        await works.until_finished(job)
        assert b"".join(works.events.output(job)) == b"first early late"
    assert works.events.credited[-1] == {key_of("ana"): 10}


# What goes wrong.


async def test_without_a_sandbox_a_job_ends_with_the_reason() -> None:
    async with working(DownExecutor()) as works:
        job = works.submit(1)
        assert await works.until_finished(job) == [Verdict.INTERNAL_ERROR]
        assert result_of(job).explanation == "Docker does not answer: no such file"
        assert [stage.name for stage in result_of(job).stages] == ["queued"]
        await works.until_idle()


async def test_a_bug_in_one_job_leaves_the_other_slots_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    executor = BrokenExecutor(broken=2)
    async with working(executor, replace(SETTINGS, max_concurrent=2)) as works:
        jobs = [works.submit(n, f"print {n}") for n in range(6)]
        verdicts = await works.until_finished(*jobs)
        await works.until_idle()
    assert verdicts == [Verdict.INTERNAL_ERROR] * 2 + [Verdict.OK] * 4
    assert result_of(jobs[0]).explanation == "the scheduler failed; see its log"
    assert executor.bench.alive == 0
    assert executor.bench.destroyed.count(False) == 2
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 2


async def test_a_runner_that_falls_silent_is_no_verdict_on_the_program() -> None:
    executor = GoodExecutor()
    async with working(executor) as works:
        jobs = [works.submit(1, "print a\nsilence"), works.submit(2, "rave")]
        assert await works.until_finished(*jobs) == [Verdict.INTERNAL_ERROR] * 2
        await works.until_idle()
    # Of the second one nobody had seen anything: it was begun again, once.
    assert executor.bench.destroyed == [False, False, False]
    assert b"".join(works.events.output(jobs[0])) == b"a\n"


async def test_a_runner_that_never_reports_is_ended_by_the_servers_clock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(session, "GRACE_SECONDS", 0.05)
    limits = SETTINGS.limits
    brief = replace(SETTINGS, limits=replace(limits, run=replace(limits.run, wall=0.05)))
    executor = GoodExecutor()
    async with working(executor, brief) as works:
        job = works.submit(1, "deaf")
        assert await works.until_finished(job) == [Verdict.TIME_LIMIT]
        await works.until_idle()
    assert executor.bench.alive == 0


# Cancelling.


async def test_a_waiting_job_is_cancelled_without_a_sandbox() -> None:
    executor = GoodExecutor()
    async with working(executor, replace(SETTINGS, max_concurrent=1)) as works:
        running = works.submit(0, "wait")
        await eventually(lambda: works.scheduler.active)
        waiting = works.submit(1)
        works.scheduler.cancel(waiting, "ben")
        assert states([running, waiting]) == [JobState.RUNNING, JobState.FINISHED]
        assert result_of(waiting).verdict is Verdict.CANCELLED
        assert waiting.cancelled_by == "ben"
        assert works.scheduler.queued == 0
        executor.bench.released.set()
        await works.until_finished(running)
        await works.until_idle()
    assert executor.bench.destroyed == [True]


async def test_a_job_that_waits_for_its_sandbox_is_cancelled_at_once() -> None:
    executor = SlowExecutor()
    async with working(executor) as works:
        job = works.submit(1)
        await eventually(lambda: executor.wanted)
        assert job.state is JobState.CLAIMED
        works.scheduler.cancel(job, "ben")
        assert result_of(job).verdict is Verdict.CANCELLED
        executor.allow()
        await works.until_idle()
    assert works.events.started == []
    assert executor.bench.alive == 0


async def test_a_running_job_is_cancelled_with_its_figures() -> None:
    executor = GoodExecutor()
    async with working(executor) as works:
        job = works.submit(1, "print on\nwait")
        await eventually(lambda: works.events.written)
        works.scheduler.cancel(job, "ben")
        works.scheduler.cancel(job, "cid")
        assert await works.until_finished(job) == [Verdict.CANCELLED]
        await works.until_idle()
    assert job.cancelled_by == "ben"
    assert result_of(job).cpu_seconds == 0.125
    assert executor.bench.destroyed == [True]


async def test_a_job_that_does_not_listen_is_cancelled_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(session, "STOP_SECONDS", 0.05)
    executor = GoodExecutor()
    async with working(executor) as works:
        job = works.submit(1, "print on\ndeaf")
        await eventually(lambda: works.events.written)
        works.scheduler.cancel(job, "ben")
        assert await works.until_finished(job) == [Verdict.CANCELLED]
        await works.until_idle()
    assert executor.bench.destroyed == [False]


async def test_cancelling_a_job_that_has_ended_changes_nothing() -> None:
    async with working(GoodExecutor()) as works:
        job = works.submit(1)
        await works.until_finished(job)
        works.scheduler.cancel(job, "ben")
        assert (result_of(job).verdict, job.cancelled_by) == (Verdict.OK, "")


async def test_a_job_that_is_cancelled_while_its_sandbox_is_destroyed_stays_as_it_ended() -> None:
    executor = GoodExecutor()
    executor.bench.may_destroy.clear()
    async with working(executor) as works:
        job = works.submit(1)
        await works.until_finished(job)
        works.scheduler.cancel(job, "ben")
        executor.bench.may_destroy.set()
        await works.until_idle()
    assert (result_of(job).verdict, job.cancelled_by) == (Verdict.OK, "")


async def test_everybody_is_told_how_a_job_ended_before_its_sandbox_is_destroyed() -> None:
    executor = GoodExecutor()
    async with working(executor) as works:
        told = works.events.told = asyncio.get_running_loop().create_future()
        told.add_done_callback(lambda _: counts.append(len(executor.bench.destroyed)))
        counts: list[int] = []
        await works.until_finished(works.submit(1))
        told.set_result(None)
        await works.until_idle()
    assert (counts, executor.bench.destroyed) == ([0], [True])


async def test_a_sandbox_is_destroyed_even_if_telling_takes_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(scheduler, "PUBLISH_SECONDS", 0.05)
    executor = GoodExecutor()
    async with working(executor) as works:
        works.events.told = asyncio.get_running_loop().create_future()
        await works.until_finished(works.submit(1))
        await works.until_idle()
    assert executor.bench.destroyed == [True]


# Shutting down.


async def test_a_drain_lets_running_jobs_end_and_loses_waiting_ones() -> None:
    executor = GoodExecutor()
    patient = replace(SETTINGS, max_concurrent=1, drain_seconds=30.0)
    async with working(executor, patient) as works:
        running = works.submit(0, "print a\nwait\nprint b")
        await eventually(lambda: works.events.written)
        waiting = [works.submit(n) for n in (1, 2)]
        async with asyncio.TaskGroup() as tasks:
            draining = tasks.create_task(works.scheduler.drain())
            await works.until_finished(*waiting)
            assert not draining.done()
            executor.bench.released.set()
    assert [result_of(job).verdict for job in waiting] == [Verdict.LOST] * 2
    assert result_of(waiting[0]).explanation == "the server shut down before it ran"
    assert result_of(running).verdict is Verdict.OK
    assert b"".join(works.events.output(running)) == b"a\nb\n"


async def test_a_drain_ends_running_jobs_when_its_time_is_up() -> None:
    executor = GoodExecutor()
    async with working(executor) as works:
        job = works.submit(0, "print a\nwait")
        await eventually(lambda: works.events.written)
        await works.scheduler.drain()
        assert works.scheduler.active == 0
    assert result_of(job).verdict is Verdict.LOST
    assert result_of(job).explanation == "the server shut down while it ran"
    assert executor.bench.alive == 0


async def test_a_drain_does_not_wait_for_sandboxes_that_never_come() -> None:
    executor = NeverExecutor()
    async with working(executor) as works:
        jobs = [works.submit(n) for n in range(5)]
        await eventually(lambda: executor.wanted == 3)
        await works.scheduler.drain()
        assert works.scheduler.active == 0
    assert [result_of(job).verdict for job in jobs] == [Verdict.LOST] * 5
    assert executor.wanted == 0


async def test_a_drain_does_not_wait_for_the_sandbox_of_a_job_that_was_cancelled() -> None:
    executor = NeverExecutor()
    async with working(executor) as works:
        job = works.submit(0)
        await eventually(lambda: executor.wanted)
        works.scheduler.cancel(job, "ben")
        await works.scheduler.drain()
    assert result_of(job).verdict is Verdict.CANCELLED


async def test_a_drain_never_leaves_a_sandbox_half_destroyed() -> None:
    executor = GoodExecutor()
    executor.bench.may_destroy.clear()
    async with working(executor) as works:
        job = works.submit(0)
        await works.until_finished(job)
        async with asyncio.TaskGroup() as tasks:
            draining = tasks.create_task(works.scheduler.drain())
            ended, _ = await asyncio.wait([draining], timeout=4 * SETTINGS.drain_seconds)
            assert not ended
            executor.bench.may_destroy.set()
    assert executor.bench.destroyed == [True]
    assert result_of(job).verdict is Verdict.OK


async def test_once_it_drains_nothing_is_taken_that_would_never_run() -> None:
    async with working(GoodExecutor()) as works:
        await works.scheduler.drain()
        with pytest.raises(ServerDraining, match="the server is shutting down"):
            works.submit(1)
        assert works.scheduler.queued == 0
