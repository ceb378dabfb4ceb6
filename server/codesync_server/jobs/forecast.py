"""Estimates when waiting jobs start. Pure."""

from collections.abc import Iterable
from heapq import heapreplace

from codesync_server.configuration.limits import JobLimits
from codesync_server.jobs.job import Job
from codesync_server.jobs.plan import run_limits
from codesync_server.jobs.slots import Slots, StartedJob

NEWEST_WEIGHT = 0.2
"""The weight of the newest job in the running mean of times in slots."""


VALID_SECONDS = 0.25
"""Seconds; how long an observation of the jobs in slots is used if nothing changes."""

PLACES_MAX = 1000
"""Start times are computed exactly up to this place."""


class SlotDurations:
    """Running means of the time that jobs spend in a slot: on pipes, with a terminal, and all jobs.

    The idle time of a program with a terminal does not count: it is in no slot then.

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
            seconds: its total time in a slot.
        """
        before = self.any if self._means else seconds
        self.any = before + NEWEST_WEIGHT * (seconds - before)
        mean = self._means.get(job.tty, seconds)
        self._means[job.tty] = mean + NEWEST_WEIGHT * (seconds - mean)

    def left(self, job: Job, seconds: float, longest: float) -> float:
        """Return the seconds that a job in a slot will probably stay in it.

        A job that takes longer than others of its kind is expected to take as long again.

        Args:
            job: the job.
            seconds: its time in a slot so far.
            longest: upper bound of the result.
        """
        expected = self._means.get(job.tty, self.any) - seconds
        return min(expected if expected > 0 else seconds, longest)


class StartTimes:
    """The times at which waiting jobs get a slot, by their place. Each time is computed once.

    Args:
        slots: number of slots.
        left: for each job in a slot, the seconds that it will probably stay.
        turn: seconds that a waiting job will probably spend in a slot.
    """

    def __init__(self, slots: int, left: Iterable[float], turn: float) -> None:
        free = sorted(left)
        # If more jobs hold slots than there are slots, the first jobs that end free no slot.
        free = free[max(0, len(free) - slots) :]
        self._free = [0.0] * (slots - len(free)) + free
        self._turn = turn
        self._times: list[float] = []

    def of(self, place: int) -> float:
        """Return the time of a place (from 1), in seconds after the jobs in slots were observed.

        Beyond PLACES_MAX, the times grow linearly.
        """
        exact = min(place, PLACES_MAX)
        while len(self._times) < exact:
            self._times.append(self._free[0])
            heapreplace(self._free, self._free[0] + self._turn)
        return self._times[exact - 1] + (place - exact) * self._turn / len(self._free)


class StartEstimates:
    """Estimates when waiting jobs start, from the jobs in slots and the jobs that have ended.

    Args:
        slots: the jobs that have started.
        limits: limits of jobs without requested limits.
    """

    def __init__(self, slots: Slots, limits: JobLimits) -> None:
        self._slots = slots
        self._limits = limits
        self._turns = SlotDurations()
        self._times = StartTimes(slots.max_concurrent, (), 0.0)
        self._valid_until = 0.0

    def add(self, job: Job, seconds: float) -> None:
        """Count a job that has ended, with its total seconds in a slot."""
        self._turns.add(job, seconds)
        self.discard()

    def discard(self) -> None:
        """Discard the observation of the jobs in slots, because they have changed."""
        self._valid_until = 0.0

    def starts_in(self, place: int, now: float) -> float:
        """Estimate when a waiting job starts.

        Args:
            place: its position among all waiting jobs, from 1.
            now: time of the clock that the slots use.

        Returns:
            Seconds, rounded to a tenth; 0 if it can start immediately, or if no job has ended yet.
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
        """Return the maximum seconds that a job may stay in its slot."""
        if held.unmetered is not None:
            return self._slots.left(held, now)
        both = self._limits.compile.wall + run_limits(held.job, self._limits).wall
        return max(0.0, both - held.seconds(now))
