"""Carries what the scheduler says into the rooms."""

import asyncio
from collections import Counter
from itertools import chain

from codesync_protocol.codec import encode
from codesync_protocol.messages import (
    Finished,
    JobState,
    Output,
    Queue,
    QueuedJob,
    Started,
    StdinTaken,
    Stream,
)
from codesync_server.jobs.job import Job
from codesync_server.jobs.kept import output_of
from codesync_server.jobs.scheduler import Scheduler
from codesync_server.rooms.gate import Kept
from codesync_server.rooms.registry import Rooms
from codesync_server.rooms.room import Room
from codesync_server.store.changes import BeginJob, FinishJob, ShowJob
from codesync_server.store.keeper import Keeper

QUEUE_INTERVAL_SECONDS = 0.03
"""Changes of the queue are told at most this often."""


TROUBLE_MAX = 500
"""Code points; an engine may have much to say when it fails."""


class Reporter:
    """Tells rooms what happens to their jobs.

    Args:
        rooms: where.
        keeper: keeps what happens to jobs.

    Attributes:
        verdicts: how many jobs ended in which way.
    """

    def __init__(self, rooms: Rooms, keeper: Keeper) -> None:
        self.verdicts: Counter[str] = Counter()
        self._rooms = rooms
        self._keeper = keeper
        self._shown: dict[str, int] = {}  # by job: the attempt of which somebody saw something
        self._queue_changed = asyncio.Event()

    def job_begins(self, job: Job) -> None:
        """Have it kept that a job is begun to run."""
        self._keeper.keep(BeginJob(job.id, job.attempts))

    def job_started(self, job: Job) -> None:
        """Tell the room that a job compiles or runs."""
        if room := self._rooms.get(job.room):
            room.publish(lambda seq: Started(seq, job.id, job.state))
            self._queue_changed.set()

    def job_wrote(self, job: Job, stream: Stream, offset: int, data: bytes) -> None:
        """Tell the room what a job wrote."""
        kept = self._show(job)

        def make(seq: int) -> Output:
            job.output.told = offset + len(data)
            return Output(seq, job.id, stream, offset, data)

        if room := self._rooms.get(job.room):
            room.publish(make, kept)

    def _show(self, job: Job) -> Kept:
        """Have it kept that somebody sees something of a job: it must not run again in silence."""
        if self._shown.get(job.id) == job.attempts:
            return None
        self._shown[job.id] = job.attempts
        return self._keeper.keep(ShowJob(job.id, job.attempts))

    def stdin_taken(self, job: Job, credited: dict[str, int]) -> None:
        """Tell those who typed how much of it was taken."""
        kept = self._show(job) if credited else None
        if room := self._rooms.get(job.room):
            for key, taken in credited.items():
                self._tell_taken(room, key, StdinTaken(job.id, taken), kept)

    @staticmethod
    def _tell_taken(room: Room, key: str, taken: StdinTaken, kept: Kept) -> None:
        room.after(kept, lambda: room.reply(key, encode(taken)))

    def job_finished(self, job: Job) -> Kept:
        """Tell the room how a job ended, when the store has kept it."""
        assert job.result is not None
        result = job.result
        self.verdicts[result.verdict] += 1
        self._shown.pop(job.id, None)
        kept = self._keeper.keep(FinishJob(job.id, result, job.cancelled_by, output_of(job)))

        def make(seq: int) -> Finished:
            job.is_told = True
            return Finished(seq, job.id, result, job.cancelled_by)

        if room := self._rooms.get(job.room):
            room.publish(make, kept)
            room.trim_jobs()
        return kept

    def queue_changed(self) -> None:
        """Have everybody told soon."""
        self._queue_changed.set()

    async def announce_queue(self, scheduler: Scheduler) -> None:
        """Tell the rooms about the queue whenever it has changed, until cancelled."""
        while True:
            await self._queue_changed.wait()
            self._queue_changed.clear()
            places = {job.id: place for place, job in enumerate(scheduler.waiting(), 1)}
            for room in self._rooms:
                if room.size:
                    room.tell_queue(self.queue_of(room.name, scheduler, places))
            await asyncio.sleep(QUEUE_INTERVAL_SECONDS)

    def queue_of(self, name: str, scheduler: Scheduler, places: dict[str, int]) -> Queue:
        """Describe the queue for one room.

        Args:
            name: the room.
            scheduler: who knows.
            places: job id to place among all that wait.
        """
        room = self._rooms.get(name)
        jobs = list(room.unfinished()) if room else []
        running = [job for job in jobs if job.state is not JobState.QUEUED]
        waiting = sorted(
            (job for job in jobs if job.state is JobState.QUEUED),
            key=lambda job: places.get(job.id, 0),
        )
        return Queue(
            jobs=tuple(
                self._queued_job(job, places.get(job.id, 0), scheduler)
                for job in chain(running, waiting)
            ),
            queued=scheduler.queued,
            active=scheduler.active,
            max_concurrent=scheduler.max_concurrent,
            trouble=scheduler.trouble[:TROUBLE_MAX],
        )

    @staticmethod
    def _queued_job(job: Job, place: int, scheduler: Scheduler) -> QueuedJob:
        starts_in = scheduler.starts_in(place) if place else 0.0
        return QueuedJob(job.id, job.state, place, job.awaits_input, starts_in)
