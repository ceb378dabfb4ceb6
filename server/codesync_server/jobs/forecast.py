"""Estimates when waiting jobs start. Pure."""

from collections.abc import Iterable
from heapq import heapreplace

from codesync_server.configuration.limits import JobLimits
from codesync_server.jobs.job import Job
from codesync_server.jobs.plan import run_limits
from codesync_server.jobs.slots import Slots, StartedJob

NEWEST_WEIGHT = 0.2
"""The weight of the newest job in the running mean of how long jobs are in a slot."""


VALID_SECONDS = 0.25
"""How long the jobs in slots are not observed anew while nothing changes."""

PLACES_MAX = 1000
"""For so many places the time is computed exactly."""


class SlotDurations:
    """Running means of how long jobs are in a slot: on pipes, on a terminal, and of any kind.

    Time in which a program on a terminal waits or sleeps does not count: it is in no slot then.

    Attributes:
        any: seconds that a job of any kind will probably be in a slot; 0 while no job has ended.
    """

    def __init__(self) -> None:
        self.any = 0.0
        self._means: dict[bool, float] = {}

    @property
    def is_known(self) -> bool:
        """Whether a job has ended."""
        return bool(self._means)

    def add(self, job: Job, seconds: float) -> None:
        """Count a job that has ended.

        Args:
            job: the job.
            seconds: how long it was in a slot, in all.
        """
        before = self.any if self._means else seconds
        self.any = before + NEWEST_WEIGHT * (seconds - before)
        mean = self._means.get(job.tty, seconds)
        self._means[job.tty] = mean + NEWEST_WEIGHT * (seconds - mean)

    def left(self, job: Job, seconds: float, longest: float) -> float:
        """Seconds that a job in a slot will probably go on being in it.

        A job that takes longer than others of its kind is expected to take as long again.

        Args:
            job: the job.
            seconds: how long it has been in a slot.
            longest: how long it may go on at the most.
        """
        expected = self._means.get(job.tty, self.any) - seconds
        return min(expected if expected > 0 else seconds, longest)


class StartTimes:
    """The times at which waiting jobs get a slot, by their place. Each time is computed once.

    Args:
        slots: how many there are.
        left: for each job in a slot, for how many seconds it will probably go on.
        turn: how many seconds a waiting job will probably be in a slot.
    """

    def __init__(self, slots: int, left: Iterable[float], turn: float) -> None:
        free = sorted(left)
        # Where more jobs are in slots than there are slots, the first ends free none.
        free = free[max(0, len(free) - slots) :]
        self._free = [0.0] * (slots - len(free)) + free
        self._turn = turn
        self._times: list[float] = []

    def of(self, place: int) -> float:
        """Return the time of a place, from 1: seconds from when the jobs in slots were observed.

        Behind PLACES_MAX places the times are continued evenly.
        """
        exact = min(place, PLACES_MAX)
        while len(self._times) < exact:
            self._times.append(self._free[0])
            heapreplace(self._free, self._free[0] + self._turn)
        return self._times[exact - 1] + (place - exact) * self._turn / len(self._free)


class StartEstimates:
    """Estimates when waiting jobs start, from the jobs that are in slots and those that ended.

    Args:
        slots: the jobs that have started.
        limits: of jobs that were granted none of their own.
    """

    def __init__(self, slots: Slots, limits: JobLimits) -> None:
        self._slots = slots
        self._limits = limits
        self._turns = SlotDurations()
        self._times = StartTimes(slots.max_concurrent, (), 0.0)
        self._valid_until = 0.0

    def add(self, job: Job, seconds: float) -> None:
        """Count a job that has ended, and how many seconds it was in a slot."""
        self._turns.add(job, seconds)
        self.discard()

    def discard(self) -> None:
        """Observe the jobs in slots anew: they have changed."""
        self._valid_until = 0.0

    def starts_in(self, place: int, now: float) -> float:
        """Estimate when a waiting job starts.

        Args:
            place: its position among all that wait, from 1.
            now: seconds of the clock that the slots are given.

        Returns:
            Seconds, to a tenth; 0 when it can start at once, and while no job has ended.
        """
        if not self._turns.is_known:
            return 0.0
        if now >= self._valid_until:
            self._valid_until = now + VALID_SECONDS
            left = [
                self._turns.left(held.job, held.seconds(now), self._longest(held, now))
                for held in self._slots.in_slots()
            ]
            self._times = StartTimes(self._slots.max_concurrent, left, self._turns.any)
        return round(self._times.of(place), 1)

    def _longest(self, held: StartedJob, now: float) -> float:
        """Seconds that a job may go on being in its slot at the most."""
        if held.unmetered is not None:
            return self._slots.left(held, now)
        both = self._limits.compile.wall + run_limits(held.job, self._limits).wall
        return max(0.0, both - held.seconds(now))
