"""Decides which waiting job starts next, and estimates the others. Pure."""

from math import ceil

from codesync_server.configuration.limits import JobLimits
from codesync_server.jobs.forecast import StartEstimates
from codesync_server.jobs.job import Job
from codesync_server.jobs.plan import run_limits
from codesync_server.jobs.queue import FairQueue
from codesync_server.jobs.slots import Slots


class StartOrder:
    """Chooses jobs from the queue for free slots.

    Args:
        queue: the waiting jobs.
        slots: the jobs that have started.
        limits: default limits of jobs.

    Attributes:
        estimates: estimates of start times, from the times that jobs spend in slots.
    """

    def __init__(self, queue: FairQueue, slots: Slots, limits: JobLimits) -> None:
        self.estimates = StartEstimates(slots, limits)
        self._queue = queue
        self._slots = slots
        self._limits = limits

    def start_next(self, now: float) -> Job | None:
        """Dequeue the next job and give it a slot.

        Rooms without a slot go before other rooms, in the order of their turns.

        Returns:
            The job; None if no waiting job may start.
        """
        if not self._slots.has_free and not self._slots.has_spare:
            return None
        job = self._queue.dequeue(
            lambda job: not self._slots.holds(job.room) and self._may_start(job)
        )
        job = job or self._queue.dequeue(self._may_start)
        if job is not None:
            self._slots.start(job, self._memory(job), now)
        return job

    def held_up(self, job: Job) -> str:
        """Return why a job would not start in a free slot, for people; empty if it would."""
        full = self._slots.full(job, self._memory(job)) if job.tty else None
        return self._slots.reason(full) if full else ""

    def starts_in(self, job: Job, place: int, now: float) -> float:
        """Estimate when a waiting job starts.

        Args:
            place: its position among all waiting jobs, from 1.
            now: time of the clock that the slots use.

        Returns:
            Seconds; 0 if it can start immediately, if no job has ended yet, and
            for a job that waits for something other than a slot.
        """
        if self.held_up(job):
            return 0.0
        terminals = self._queue.terminals
        if terminals and self._slots.is_share_full(self._limits.tty.memory):
            # No program with a terminal can start, so none is ahead of this job.
            place = max(1, ceil(place * (1 - terminals / max(1, len(self._queue)))))
        return self.estimates.starts_in(place, now)

    def retry_seconds(self, room: str, member: str, now: float) -> float:
        """Estimate when the next job of a room leaves the queue.

        Args:
            member: client key, to consider only the jobs of one member; empty: all jobs.
            now: time of the clock that the slots use.

        Returns:
            Seconds; 0 when there is no estimate.
        """
        for place, job in self._queue.first_in(room):
            if member in ("", job.submitter.key):
                return self.starts_in(job, place, now)
        return 0.0

    def _may_start(self, job: Job) -> bool:
        return self._slots.may_start(job, self._memory(job))

    def _memory(self, job: Job) -> int:
        return run_limits(job, self._limits).memory
