"""Jobs with a terminal need no slot while idle, and one place each (H32)."""

import asyncio
from dataclasses import replace

from codesync_protocol.messages import JobState, StdinMode
from codesync_protocol.verdict import Verdict
from codesync_server.configuration.limits import RUN, JobLimits
from codesync_server.executors.judge import StopReason
from codesync_server.jobs.job import Job
from tests.server.doubles import GoodExecutor
from tests.server.jobs.test_scheduler import SETTINGS, Works, result_of, working
from tests.server.making import make_job
from tests.waiting import eventually

DOTS = "print .\nidle 1000000\nwait"
"""Prints a dot and sleeps."""

TALKS = "idle\nlisten\ncomputes\nprint hello\nwait"
"""Waits for input, then computes."""


def submit(
    works: Works, number: int, script: str, *, room: str = "test-room", tty: bool = False
) -> Job:
    """Queue a job that members may type into."""
    job = make_job(number, room=room, source=script.encode(), stdin=StdinMode.SHARED, tty=tty)
    works.scheduler.submit(job)
    return job


async def idle(works: Works, *jobs: Job) -> None:
    """Wait until programs are known to be idle."""
    await eventually(lambda: all(job.is_idle for job in jobs))


def type_into(job: Job) -> None:
    """What a member's input does to a running program."""
    assert job.session is not None
    job.session.feed_stdin(b"x\n")


async def test_h32_terminal_programs_that_sleep_hold_no_slot() -> None:
    executor = GoodExecutor()
    async with working(executor, replace(SETTINGS, max_concurrent=2)) as works:
        sleepers = [
            works.submit(number, DOTS, room=f"room-{number % 4}", tty=True) for number in range(8)
        ]
        await idle(works, *sleepers)
        assert (works.scheduler.active, works.scheduler.slots.idle) == (0, 8)
        other = works.submit(9, "print 1", room="room-x")
        assert works.scheduler.starts_in(other, 1) == 0.0
        assert await works.until_finished(other) == [Verdict.OK]
        assert not any(sleeper.is_finished for sleeper in sleepers)
        executor.bench.released.set()
        assert await works.until_finished(*sleepers) == [Verdict.OK] * 8
        assert works.scheduler.slots.interactive == 0


async def test_a_program_that_wakes_goes_on_at_once_though_no_slot_is_free() -> None:
    executor = GoodExecutor()
    async with working(executor, replace(SETTINGS, max_concurrent=2)) as works:
        talker = submit(works, 0, TALKS, tty=True)
        await idle(works, talker)
        busy = [works.submit(number, "wait", room=f"room-{number}") for number in (1, 2)]
        await eventually(lambda: works.scheduler.active == 2)
        type_into(talker)
        await eventually(lambda: b"".join(works.events.output(talker)) == b"hello\n")
        assert not talker.is_idle
        assert (works.scheduler.active, works.scheduler.slots.computing) == (2, 3)
        executor.bench.released.set()
        await works.until_finished(talker, *busy)


async def test_no_job_starts_while_woken_programs_are_in_the_slots_that_they_may_have() -> None:
    executor = GoodExecutor()
    async with working(executor, replace(SETTINGS, max_concurrent=2)) as works:
        talker = submit(works, 0, TALKS, tty=True)
        await idle(works, talker)
        type_into(talker)
        await eventually(lambda: works.scheduler.active == 1)
        first = submit(works, 1, "stdin", room="room-a")
        await eventually(lambda: works.scheduler.active == 2)
        second = works.submit(2, "print 2", room="room-b")
        assert second.state is JobState.QUEUED
        assert first.session is not None
        first.session.end_stdin()
        await works.until_finished(first, second)
        assert not talker.is_finished
        executor.bench.released.set()


async def test_a_terminal_program_that_computes_on_and_on_gives_up_its_slot_and_goes_on() -> None:
    executor = GoodExecutor()
    brief = JobLimits(run=replace(RUN, wall=0.2))
    async with working(executor, replace(SETTINGS, max_concurrent=1, limits=brief)) as works:
        hog = works.submit(0, "wait", tty=True)
        await eventually(lambda: works.scheduler.active)
        other = works.submit(1, "print 1", room="room-b")
        assert await works.until_finished(other) == [Verdict.OK]
        assert not hog.is_finished
        assert not hog.is_idle
        await eventually(lambda: executor.bench.yielding == 1)
        executor.bench.released.set()
        assert await works.until_finished(hog) == [Verdict.OK]


async def test_a_room_that_is_in_no_slot_goes_first() -> None:
    executor = GoodExecutor()
    async with working(executor, replace(SETTINGS, max_concurrent=2)) as works:
        both = [submit(works, number, "stdin", room="room-a") for number in range(2)]
        await eventually(lambda: works.scheduler.active == 2)
        works.submit(2, "wait", room="room-a", member="ben")
        newcomer = works.submit(3, "print 3", room="room-b")
        assert both[0].session is not None
        both[0].session.end_stdin()
        await works.until_finished(newcomer)
        assert works.events.finished == [both[0], newcomer]
        assert both[1].session is not None
        both[1].session.end_stdin()
        executor.bench.released.set()


async def test_who_finds_no_place_waits_is_told_why_and_delays_no_job_on_pipes() -> None:
    executor = GoodExecutor()
    limited = replace(SETTINGS, max_concurrent=2, interactive_per_room=1)
    async with working(executor, limited) as works:
        asks = works.submit(0, DOTS, tty=True)
        await idle(works, asks)
        late = works.submit(1, DOTS, tty=True, member="ben")
        piped, other = works.submit(2, "print 2"), works.submit(3, DOTS, tty=True, room="room-b")
        await works.until_finished(piped)
        await idle(works, other)
        assert late.state is JobState.QUEUED
        reason = "programs with a terminal: 1 in this room, the limit"
        assert works.scheduler.held_up(late) == reason
        works.scheduler.cancel(asks, "ana")
        await idle(works, late)
        executor.bench.released.set()


async def test_an_idle_program_can_be_cancelled_and_leaves_nothing() -> None:
    async with working(GoodExecutor()) as works:
        asks = works.submit(0, DOTS, tty=True)
        await idle(works, asks)
        works.scheduler.cancel(asks, "ana")
        assert await works.until_finished(asks) == [Verdict.CANCELLED]
        await eventually(lambda: len(works.scheduler.slots) == 0)
        assert works.scheduler.slots.interactive == 0


async def test_draining_waits_for_idle_programs_and_then_ends_them() -> None:
    executor = GoodExecutor()
    async with working(executor, replace(SETTINGS, max_concurrent=1)) as works:
        asks = [works.submit(number, DOTS, tty=True, room=f"room-{number}") for number in range(3)]
        await idle(works, *asks)
        await works.scheduler.drain()
        assert [result_of(job).verdict for job in asks] == [Verdict.LOST] * 3
        assert executor.bench.alive == 0


async def test_an_idle_program_that_loses_its_sandbox_gives_up_its_place() -> None:
    executor = GoodExecutor()
    async with working(executor) as works:
        asks = submit(works, 0, "idle\nlisten\nsilence", tty=True)
        await idle(works, asks)
        type_into(asks)
        await eventually(lambda: asks.attempts == 2 and asks.is_idle)
        assert works.scheduler.slots.interactive == 1
        type_into(asks)
        assert await works.until_finished(asks) == [Verdict.INTERNAL_ERROR]
        await eventually(lambda: works.scheduler.slots.interactive == 0)


async def test_a_report_of_a_program_on_pipes_changes_nothing() -> None:
    executor = GoodExecutor()
    async with working(executor) as works:
        job = works.submit(0, "print 1\nidle\nprint 2\nwait")
        await eventually(lambda: b"".join(works.events.output(job)) == b"1\n2\n")
        assert not job.is_idle
        assert works.scheduler.active == 1
        assert job.session is not None
        job.session.stop(StopReason.CANCELLED)
        await works.until_finished(job)
        await asyncio.sleep(0)
