"""The scheduler: takes jobs from the queue when a slot is free, and runs them in sandboxes.

It does not know rooms: it reports through callbacks.
"""

import asyncio
import logging
from collections.abc import Iterable
from contextlib import closing, suppress
from time import thread_time

import msgspec

from codesync_protocol.messages import JobState
from codesync_protocol.verdict import Result, Stage, Verdict
from codesync_server.configuration.settings import Settings
from codesync_server.executors.contract import Executor, ExecutorUnavailable, Sandbox
from codesync_server.executors.judge import StopReason
from codesync_server.executors.output_pacing import OutputPacers
from codesync_server.executors.session import Session
from codesync_server.jobs.events import JobEvents
from codesync_server.jobs.interactive import interactive_limits
from codesync_server.jobs.job import Job
from codesync_server.jobs.output_relay import JobOutputRelay
from codesync_server.jobs.plan import plan
from codesync_server.jobs.queue import FairQueue, QueueLimits
from codesync_server.jobs.rerun import may_run_again
from codesync_server.jobs.slots import Slots
from codesync_server.jobs.start_order import StartOrder
from codesync_server.languages.registry import Languages

SEARCH_SECONDS = 0.002
"""Seconds of CPU time; a longer search of the queue is followed by a pause of SEARCH_PAUSES times
its length, so that a long queue without a startable job takes at most a tenth of the time."""

SEARCH_PAUSES = 10

PUBLISH_SECONDS = 2.0
"""Maximum seconds that destroying a sandbox waits until the verdict is published."""

log = logging.getLogger(__name__)


class ServerDraining(Exception):
    """The server is shutting down: a job that it accepted now would never run."""


class Scheduler:
    """Starts waiting jobs when a slot is free, and supervises running jobs until they end.

    Args:
        executor: provides sandboxes.
        languages: the languages of the server.
        settings: limits and number of slots.
        events: receives the events of jobs.
        hands_over: whether jobs that have not run when the server ends are left to the next one.
    """

    def __init__(
        self,
        executor: Executor,
        languages: Languages,
        settings: Settings,
        events: JobEvents,
        *,
        hands_over: bool = False,
    ) -> None:
        self._executor = executor
        self._languages = languages
        self._settings = settings
        self._events = events
        self._hands_over = hands_over
        self._queue = FairQueue(
            QueueLimits(
                settings.queue_limit,
                settings.queue_bytes,
                settings.queue_per_room,
                settings.queue_per_member,
            )
        )
        self._active: dict[str, Job] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._slots = Slots(
            settings.max_concurrent, settings.limits.run.wall, interactive_limits(settings)
        )
        self._order = StartOrder(self._queue, self._slots, settings.limits)
        self._search_seconds = 0.0
        self._pacers = OutputPacers()
        self._without_sandbox: set[str] = set()
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._draining = False
        executor.on_change = self._executor_changed

    @property
    def trouble(self) -> str:
        """The reason why no waiting job can start now, for people; empty if jobs can start."""
        return "" if self._executor.is_ready else self._executor.trouble

    @property
    def queued(self) -> int:
        """Number of waiting jobs."""
        return len(self._queue)

    @property
    def active(self) -> int:
        """Number of slots in use."""
        return self._slots.taken

    @property
    def max_concurrent(self) -> int:
        """Number of slots."""
        return self._settings.max_concurrent

    @property
    def slots(self) -> Slots:
        """Figures of the slots and of programs with a terminal; read-only."""
        return self._slots

    @property
    def queue(self) -> FairQueue:
        """Figures of the waiting jobs; read-only."""
        return self._queue

    def waiting(self) -> Iterable[Job]:
        """The waiting jobs in the order of their turns."""
        return self._queue.in_order()

    def places_in(self, room: str) -> dict[str, int]:
        """Compute the places of one room's waiting jobs: by job id, from 1."""
        return self._queue.places_in(room)

    def starts_in(self, job: Job, place: int) -> float:
        """Estimate when a waiting job starts; see `StartOrder.starts_in`. 0 while no job can start.

        Args:
            place: its position among all waiting jobs, from 1.
        """
        return 0.0 if self.trouble else self._order.starts_in(job, place, self._now())

    def held_up(self, job: Job) -> str:
        """Return why a waiting job would not start in a free slot; empty if it would."""
        return self._order.held_up(job)

    def submit(self, job: Job) -> int:
        """Queue a job, in its reserved place if it has one.

        Returns:
            Its position among all waiting jobs, from 1.

        Raises:
            QueueFull: there is no place for it.
            ServerDraining: the server accepts no jobs any more.
        """
        if self._draining:
            raise ServerDraining("the server is shutting down")
        self._queue.enqueue(job)
        self._wake.set()
        self._changed(job.room)
        return self._queue.places_in(job.room)[job.id]

    def reserve(self, job: Job) -> None:
        """Reserve a place in the queue for a job that is about to be stored.

        Raises:
            QueueFull: there is no place for it.
            ServerDraining: the server accepts no jobs any more.
        """
        if self._draining:
            raise ServerDraining("the server is shutting down")
        self._queue.reserve(job)

    def release(self, job: Job) -> None:
        """Release the place that was reserved for a job."""
        self._queue.release(job)

    def add_input(self, job: Job, size: int) -> None:
        """Count bytes of stdin that a job receives while it waits in the queue.

        Raises:
            QueueFull: the queue has no space for them.
        """
        self._queue.add_input(job, size)

    def retry_seconds(self, room: str, member: str = "") -> float:
        """Estimate when the next job of a room leaves the queue; see `StartOrder`."""
        return 0.0 if self.trouble else self._order.retry_seconds(room, member, self._now())

    def restore(self, job: Job) -> None:
        """Queue a job that was accepted before this server was started."""
        self._queue.restore(job)
        self._wake.set()

    def end_lost(self, job: Job, reason: str) -> None:
        """Finish a job as lost that was running when the previous server ended."""
        self._finish(job, Result(Verdict.LOST, reason))

    def cancel(self, job: Job, by: str) -> None:
        """Cancel a job: remove it from the queue, or stop it; does nothing if it has ended."""
        if job.is_finished:
            return
        job.cancelled_by = job.cancelled_by or by
        if job.session is not None:
            job.session.stop(StopReason.CANCELLED)
        else:
            self._queue.remove(job)
            self._finish(job, Result(Verdict.CANCELLED, "cancelled before it ran"))

    async def run(self) -> None:
        """Start jobs until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._wake.clear()
                self._expire()
                while job := self._next():
                    self._active[job.id] = job
                    self._idle.clear()
                    job.move(JobState.CLAIMED)
                    filling = self._fill_slot(job, self._slots.holds(job.room) > 1)
                    self._tasks[job.id] = tasks.create_task(filling)
                    self._changed(job.room)
                if self._search_seconds > SEARCH_SECONDS:
                    await asyncio.sleep(self._search_seconds * SEARCH_PAUSES)
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._slots.next_expiry(self._now())):
                        await self._wake.wait()

    def _next(self) -> Job | None:
        if self._draining or not self._executor.is_ready:
            return None
        began = thread_time()
        job = self._order.start_next(self._now())
        self._search_seconds = thread_time() - began
        return job

    def _expire(self) -> None:
        """Release the slots of terminal programs that have used up their time; they run on."""
        for job in self._slots.expire(self._now()):
            if job.session is not None:
                job.session.yield_cpu()
            self._changed(job.room)

    def _executor_changed(self) -> None:
        self._wake.set()
        self._changed()

    def _changed(self, room: str = "") -> None:
        """Announce a change of one room's queue, or of all."""
        self._order.estimates.discard()
        self._events.queue_changed(room)

    # Reports of running jobs.

    def program_began(self, job: Job) -> None:
        """Start to limit the time that a program with a terminal holds its slot."""
        self._slots.program_began(job, self._now())
        self._wake.set()

    def activity_changed(self, job: Job, computes: bool, memory: int) -> None:
        """Release the slot of a program that became idle, or count a program that woke."""
        if computes:
            self._slots.computes(job, self._now())
        else:
            self._slots.is_idle(job, memory, self._now())
        job.is_idle = not computes
        self._wake.set()
        self._changed(job.room)

    async def drain(self) -> None:
        """Start no more jobs, let the running ones end for a while, then stop them.

        Jobs that have not run, or were not observed, are lost, or handed over to the next server.
        """
        self._draining = True
        for job in list(self._queue.in_order()):
            self._queue.remove(job)
            self._hand_over_or_end(job, Result(Verdict.LOST, "the server shut down before it ran"))
        with suppress(TimeoutError):
            async with asyncio.timeout(self._settings.drain_seconds):
                await self._idle.wait()
        for job in list(self._active.values()):
            if job.session is not None:
                job.session.stop(StopReason.SHUTDOWN)
            elif job.id in self._without_sandbox:
                self._hand_over_or_end(
                    job, Result(Verdict.LOST, "the server shut down before it ran")
                )
                self._tasks[job.id].cancel()
            # Otherwise its sandbox is being destroyed, which must not be interrupted.
        await self._idle.wait()

    async def _fill_slot(self, job: Job, patient: bool) -> None:
        try:
            await self._execute(job, patient)
        except ExecutorUnavailable as error:
            self._finish(job, Result(Verdict.INTERNAL_ERROR, str(error)))
        except Exception:
            # A bug in one job must not end the task that runs the others.
            log.exception("job %s failed in the scheduler", job.id)
            self._finish(job, Result(Verdict.INTERNAL_ERROR, "the scheduler failed; see its log"))
        finally:
            seconds = self._slots.end(job, self._now())
            del self._active[job.id], self._tasks[job.id]
            if job.is_finished:
                self._order.estimates.add(job, seconds)
            if not self._active:
                self._idle.set()
            self._wake.set()
            self._changed(job.room)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()

    async def _execute(self, job: Job, patient: bool) -> None:
        claimed_at = self._now()
        job.stages.append(Stage("queued", claimed_at - job.queued_at))
        self._without_sandbox.add(job.id)
        try:
            sandbox = await self._executor.acquire(patient=patient)
        except ExecutorUnavailable as error:
            if not self._executor.trouble:
                raise
            self._requeue(job, Result(Verdict.LOST, str(error)))
            return
        finally:
            self._without_sandbox.discard(job.id)
        reported = False
        lost: Result | None = None
        try:
            if job.is_finished:  # cancelled while waiting for the sandbox
                reported = True
                return
            job.stages.append(Stage("claimed", self._now() - claimed_at))
            result = await self._run_in(sandbox, job)
            reported = bool(result.stages)
            for_next = self._draining and self._hands_over
            if may_run_again(job, result, shuts_down=self._draining, for_next_server=for_next):
                lost = result
            else:
                await self._finish_and_publish(job, result)
        finally:
            job.session = None
            await sandbox.destroy(reported=reported)
        if lost is not None and not self._draining:
            log.warning("job %s runs again: %s", job.id, lost.explanation)
        if lost is not None:
            self._requeue(job, lost)

    def _hand_over_or_end(self, job: Job, otherwise: Result) -> None:
        """Hand a job over to the next server, or finish it if there will be none."""
        if not self._hands_over:
            self._finish(job, otherwise)

    def _requeue(self, job: Job, otherwise: Result) -> None:
        """Return a job to the queue, or finish it if the queue does not take it."""
        if job.is_finished:
            return
        if self._draining:
            self._hand_over_or_end(job, otherwise)
            return
        job.move(JobState.QUEUED)
        job.awaits_input = job.is_idle = False
        job.stages.clear()
        self._queue.requeue(job)

    async def _run_in(self, sandbox: Sandbox, job: Job) -> Result:
        language = self._languages.get(job.language)
        assert language is not None  # the submission was checked for it
        spec = plan(
            job,
            language,
            self._settings.limits,
            self._executor.search_path,
            self._settings.compile_cpus,
        )
        voice = JobOutputRelay(job, self._events, self)
        job.attempts += 1
        self._events.job_begins(job)
        with self._pacers.program(job.room, self._now()) as pacer, closing(voice):
            job.session = Session(sandbox, spec, voice, pacer)
            job.input.open(job.session)
            return await job.session.run()

    async def _finish_and_publish(self, job: Job, result: Result) -> None:
        """Finish a job, and wait until its result is published."""
        job.session = None
        if published := self._finish(job, result):
            await asyncio.wait([published], timeout=PUBLISH_SECONDS)

    def _finish(self, job: Job, result: Result) -> "asyncio.Future[None] | None":
        if job.is_finished:
            return None
        job.result = msgspec.structs.replace(
            result, output_bytes=job.output.total, stages=(*job.stages, *result.stages)
        )
        job.move(JobState.FINISHED)
        published = self._events.job_finished(job)
        job.forget_source()
        self._changed(job.room)
        return published
