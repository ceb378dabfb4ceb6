"""The queue of waiting jobs: rooms take turns, then invites, addresses and members. Pure."""

from collections.abc import Iterator, Mapping
from itertools import accumulate, count

from codesync_server.jobs.job import Job
from codesync_server.jobs.queue_shares import QueueFull, QueueLimits, QueueShares, path_of
from codesync_server.jobs.turns import JobList, MayRun, Rotation

__all__ = ["FairQueue", "QueueFull", "QueueLimits"]


class FairQueue:
    """Waiting jobs.

    The next turn goes to the room that has waited longest for one, there to the invite, there to
    the address, there to the member, and there to the oldest job. So jobs of one room delay the
    first job of another room by at most one turn, however many keys or invites the room has, and
    keys of one address do not delay others who have the same invite.

    Args:
        limits: bounds of the waiting jobs.
    """

    def __init__(self, limits: QueueLimits | None = None) -> None:
        self._shares = QueueShares(limits or QueueLimits())
        self._turns = Rotation(lambda: Rotation(lambda: Rotation(lambda: Rotation(JobList))))
        self._terminals = 0

    def __len__(self) -> int:
        """Number of waiting jobs."""
        return len(self._turns)

    @property
    def terminals(self) -> int:
        """Number of waiting jobs on a terminal."""
        return self._terminals

    @property
    def refusals(self) -> Mapping[str, int]:
        """Number of refused jobs by the level whose share was used up."""
        return self._shares.refusals

    @property
    def waiting_bytes(self) -> int:
        """Bytes of source and stdin of the waiting jobs."""
        return self._shares.total_bytes

    @property
    def waiting_rooms(self) -> int:
        """Number of rooms that have waiting jobs."""
        return self._shares.rooms

    def reserve(self, job: Job) -> None:
        """Count a job that is about to be stored and put in the queue.

        Raises:
            QueueFull: a share is used up.
        """
        self._shares.reserve(job)

    def release(self, job: Job) -> None:
        """Release the place that was reserved for a job."""
        self._shares.release(job)

    def add_input(self, job: Job, size: int) -> None:
        """Count bytes of stdin that a waiting job received.

        Raises:
            QueueFull: a share is used up.
        """
        self._shares.grow(job, size)

    def enqueue(self, job: Job) -> None:
        """Add a job behind the others of its member, in its reserved place if it has one.

        Raises:
            QueueFull: a share is used up.
        """
        if job not in self._shares:
            self._shares.reserve(job)
        self._turns.add(path_of(job), job)
        self._terminals += job.tty

    def restore(self, job: Job) -> None:
        """Add a job that was accepted before this server was started, regardless of the limits."""
        self._shares.add(job)
        self._turns.add(path_of(job), job)
        self._terminals += job.tty

    def dequeue(self, may_run: MayRun = lambda _: True) -> Job | None:
        """Remove the job whose turn it is.

        Args:
            may_run: jobs that may not run yet keep their turn, and others go first.

        Returns:
            The job; None when no waiting job may run.
        """
        job = self._turns.dequeue(may_run)
        if job is not None:
            self._shares.release(job)
            self._terminals -= job.tty
        return job

    def requeue(self, job: Job) -> None:
        """Return a dequeued job, regardless of the limits; it is among the next to be dequeued."""
        self._shares.add(job)
        self._turns.requeue(path_of(job), job)
        self._terminals += job.tty

    def remove(self, job: Job) -> bool:
        """Remove a job.

        Returns:
            Whether it was waiting.
        """
        if not self._turns.remove(path_of(job), job):
            return False
        self._shares.release(job)
        self._terminals -= job.tty
        return True

    def in_order(self) -> list[Job]:
        """List all jobs in the order of their turns, provided that none is added."""
        return self._turns.in_order()

    def places_in(self, room: str) -> dict[str, int]:
        """Compute the places of one room's jobs.

        Returns:
            Job id to place among all waiting jobs, from 1, in ascending order.
        """
        return {job.id: place for place, job in self.first_in(room)}

    def first_in(self, room: str) -> Iterator[tuple[int, Job]]:
        """Iterate over one room's jobs with their places among all waiting jobs, from 1.

        Costs time for each room and for each job of this room, not for each waiting job.
        """
        mine = self._turns.children.get(room)
        if mine is None:
            return iter(())
        # In round r, each room that has more than r jobs gets a turn, in the order of the rooms.
        rounds = len(mine)
        before, after = [0] * (rounds + 1), [0] * (rounds + 1)  # rooms by number of jobs
        side = before
        for name, jobs in self._turns.children.items():
            if name == room:
                side = after
            else:
                side[min(len(jobs), rounds)] += 1
        turns_before = accumulate(_more_than(before))
        turns_after = accumulate([0, *_more_than(after)])
        places = map(sum, zip(count(1), turns_before, turns_after, strict=False))
        return zip(places, mine.in_order(), strict=False)


def _more_than(counts: list[int]) -> list[int]:
    """For each r: the number of rooms that have more than r jobs.

    Args:
        counts: number of rooms by number of jobs.
    """
    return list(accumulate(reversed(counts[1:])))[::-1]
