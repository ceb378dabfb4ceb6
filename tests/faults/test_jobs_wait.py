"""Jobs survive an unavailable executor: they wait in their order, and start again if unseen."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from codesync_cli.console.plain_lines import PlainLines
from codesync_protocol.messages import JobState, Queue, StdinMode
from codesync_protocol.verdict import Verdict
from codesync_server.configuration.settings import Settings
from codesync_server.executors.contract import ExecutorUnavailable, PostMortem, Sandbox
from codesync_server.executors.judge import StopReason, judge
from codesync_server.jobs.job import Job
from codesync_server.jobs.queue import FairQueue, QueueLimits
from codesync_server.jobs.scheduler import Scheduler
from codesync_server.jobs.stdin import KEPT_MAX, JobStdin
from tests.sandbox.sandboxes import python_spec
from tests.server.doubles import GoodExecutor, Recorder
from tests.server.making import all_languages, make_job
from tests.waiting import eventually

SETTINGS = Settings(max_concurrent=2, queue_limit=3, queue_per_member=3, drain_seconds=0.05)


class ComesAndGoes(GoodExecutor):
    """Is there or away, as a test says.

    Attributes:
        why: the reason why it is away; empty while it is not.
        hides: it does not say so before somebody asks for a sandbox.
    """

    def __init__(self) -> None:
        super().__init__()
        self.why = ""
        self.hides = False

    @property
    def trouble(self) -> str:
        """Why there is nothing."""
        return self.why

    @property
    def is_ready(self) -> bool:
        """Whether it is worth while to ask."""
        return not self.why or self.hides

    async def acquire(self, *, patient: bool = False) -> Sandbox:
        """Hand out a sandbox."""
        if self.why:
            self.hides = False
            raise ExecutorUnavailable(self.why)
        return await super().acquire()

    def change(self, why: str) -> None:
        """Go away or come back."""
        self.why = why
        self.on_change()


class Works:
    """A scheduler with such an executor."""

    def __init__(self) -> None:
        self.executor = ComesAndGoes()
        self.events = Recorder()
        self.scheduler = Scheduler(self.executor, all_languages(), SETTINGS, self.events)

    def submit(self, number: int, script: str = "exit 0") -> Job:
        """Queue a job that does what a script says."""
        job = make_job(number, source=script.encode())
        job.queued_at = float(number)
        self.scheduler.submit(job)
        return job

    async def verdicts(self, *jobs: Job) -> list[Verdict]:
        """Wait until jobs have ended."""
        await eventually(lambda: all(job.is_finished for job in jobs))
        return [job.result.verdict for job in jobs if job.result]


@asynccontextmanager
async def working() -> AsyncGenerator[Works, None]:
    """A scheduler at work while the block lasts."""
    works = Works()
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(works.scheduler.run())
        yield works
        running.cancel()


async def test_while_the_executor_is_away_jobs_wait_and_whoever_looks_is_told_why() -> None:
    async with working() as works:
        works.executor.change("Docker is away")
        jobs = [works.submit(number) for number in range(3)]
        changes = works.events.changes
        assert works.scheduler.trouble == "Docker is away"
        assert works.scheduler.starts_in(jobs[0], 1) == 0.0
        assert works.scheduler.active == 0
        works.executor.change("")
        assert works.events.changes > changes
        assert not works.scheduler.trouble
        assert await works.verdicts(*jobs) == [Verdict.OK] * 3
        assert works.events.finished == jobs


async def test_a_job_that_found_no_sandbox_is_the_next_one_again() -> None:
    async with working() as works:
        works.executor.why, works.executor.hides = "Docker is away", True
        jobs = [works.submit(number) for number in range(3)]
        await eventually(lambda: not works.executor.hides and not works.scheduler.active)
        assert [job.state for job in jobs] == [JobState.QUEUED] * 3
        assert list(works.scheduler.waiting()) == jobs
        works.executor.change("")
        assert await works.verdicts(*jobs) == [Verdict.OK] * 3


async def test_what_waits_for_the_executor_can_be_cancelled_and_is_lost_at_the_end() -> None:
    async with working() as works:
        works.executor.change("Docker is away")
        first, second = works.submit(1), works.submit(2)
        works.scheduler.cancel(first, "ana")
        await works.scheduler.drain()
        assert await works.verdicts(first, second) == [Verdict.CANCELLED, Verdict.LOST]


def test_a_job_that_is_put_back_needs_no_place_and_comes_first() -> None:
    queue = FairQueue(QueueLimits(jobs=2, per_member=2))
    jobs = [make_job(number) for number in range(4)]
    for number, job in enumerate(jobs):
        job.queued_at = float(number)
    for job in jobs[:2]:
        queue.enqueue(job)
    taken = [queue.dequeue(), queue.dequeue()]
    for job in jobs[2:]:
        queue.enqueue(job)
    for each in taken:
        assert each is not None
        queue.requeue(each)
    assert len(queue) == 4
    assert list(queue.in_order()) == jobs


class Program:
    """Where input goes."""

    def __init__(self) -> None:
        self.received = b""
        self.ends = 0

    def feed_stdin(self, data: bytes) -> None:
        """Take input."""
        self.received += data

    def end_stdin(self) -> None:
        """Take its end."""
        self.ends += 1


def test_what_was_typed_is_typed_again_for_the_second_attempt_and_counts_once() -> None:
    ana = "a" * 32
    gate, first, second = JobStdin(StdinMode.PIPED, ana, 3), Program(), Program()
    gate.accept(ana, 0, b"early ")
    gate.open(first)
    gate.accept(ana, 6, b"typed ")
    assert gate.taken(3 + 8) == {ana: 8}
    assert gate.rewind()
    gate.accept(ana, 12, b"meanwhile")
    gate.end(ana)
    gate.open(second)
    assert (second.received, second.ends) == (b"early typed meanwhile", 1)
    assert gate.taken(3 + 5) == {}
    assert gate.taken(3 + 21) == {ana: 21}


def test_who_was_fed_more_than_is_kept_does_not_begin_again() -> None:
    ana = "a" * 32
    gate = JobStdin(StdinMode.PIPED, ana, 0)
    gate.open(Program())
    for offset in (0, KEPT_MAX):
        gate.accept(ana, offset, bytes(KEPT_MAX))
        gate.taken(offset + KEPT_MAX)
    assert not gate.rewind()


@pytest.mark.parametrize("stop", [None, StopReason.OVERDUE])
def test_what_the_engine_kept_from_us_is_no_verdict_on_the_program(stop: StopReason | None) -> None:
    spec = python_spec("")
    lost = PostMortem(memory=False, detail="Docker was away", lost=True)
    assert judge(spec, stop=stop, report=None, post_mortem=lost).verdict is Verdict.LOST
    killed = PostMortem(memory=True, detail="", lost=True)
    assert judge(spec, stop=stop, report=None, post_mortem=killed).verdict is Verdict.MEMORY_LIMIT
    cancelled = judge(spec, stop=StopReason.CANCELLED, report=None, post_mortem=lost)
    assert cancelled.verdict is Verdict.CANCELLED


def test_plain_lines_say_once_that_programs_wait_and_once_that_they_run_again() -> None:
    lines = PlainLines()
    queues = [Queue(), Queue(trouble="away"), Queue(queued=1, trouble="away"), Queue(), Queue()]
    said = [line for queue in queues for line in lines.of(queue)]
    assert said == ["* programs wait: away", "* programs run again"]
