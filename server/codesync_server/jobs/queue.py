"""The fair queue: rooms take turns, and within a room its members do. Pure."""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator

from codesync_server.jobs.job import Job


class QueueFull(Exception):
    """No place for another job; the message says whose share is used up."""


BYTES_MAX = 256 * 1024 * 1024
"""Sources and inputs of all that wait."""


class FairQueue:
    """Jobs that wait.

    A turn goes to the room that had none for the longest time, there to the member who had none for
    the longest time, there to the oldest job. So nobody's thousand jobs delay anybody else's first
    by more than one turn.

    Args:
        limit: how many may wait in all.
        per_member: how many of one member may wait.
    """

    def __init__(self, limit: int, per_member: int) -> None:
        self._limit = limit
        self._per_member = per_member
        # Both orders are turns: whose turn is next stands first, who just had one goes to the end.
        self._rooms: OrderedDict[str, OrderedDict[str, deque[Job]]] = OrderedDict()
        self._size = 0

    def __len__(self) -> int:
        """How many wait."""
        return self._size

    def put(self, job: Job) -> None:
        """Add a job behind its member's others.

        Raises:
            QueueFull: there is no place for it.
        """
        mine = self._rooms.get(job.room, OrderedDict()).get(job.submitter.key)
        waiting = len(mine) if mine else 0
        if waiting >= self._per_member:
            raise QueueFull(f"{waiting} of your jobs are waiting already, the most that may")
        if self._size >= self._limit:
            raise QueueFull(f"{self._size} jobs are waiting already, the most that may")
        if sum(each.size for each in self.in_order()) + job.size > BYTES_MAX:
            raise QueueFull("the waiting jobs have more input than the server has room for")
        self.restore(job)

    def restore(self, job: Job) -> None:
        """Add a job that was accepted before this server was started, however many there are."""
        members = self._rooms.setdefault(job.room, OrderedDict())
        members.setdefault(job.submitter.key, deque()).append(job)
        self._size += 1

    def take(self, may_run: Callable[[Job], bool] = lambda _: True) -> Job | None:
        """Remove the job whose turn it is.

        Args:
            may_run: whose turn it is and may not run yet lets the next one go ahead.

        Returns:
            The job; None when nobody waits who may run.
        """
        for room, members in self._rooms.items():
            for member, jobs in members.items():
                if may_run(jobs[0]):
                    return self._take_from(room, member)
        return None

    def _take_from(self, room: str, member: str) -> Job:
        members = self._rooms.pop(room)
        jobs = members.pop(member)
        job = jobs.popleft()
        if jobs:
            members[member] = jobs
        if members:
            self._rooms[room] = members
        self._size -= 1
        return job

    def put_back(self, job: Job) -> None:
        """Give a job that was taken its turn again: it is the next one, or among the next ones.

        There is always a place for it.
        """
        members = self._rooms.setdefault(job.room, OrderedDict())
        jobs = members.get(job.submitter.key, deque())
        members[job.submitter.key] = deque(sorted([job, *jobs], key=lambda each: each.queued_at))
        members.move_to_end(job.submitter.key, last=False)
        self._rooms.move_to_end(job.room, last=False)
        self._size += 1

    def remove(self, job: Job) -> bool:
        """Take a job out; tell whether it was waiting."""
        members = self._rooms.get(job.room, OrderedDict())
        jobs = members.get(job.submitter.key)
        if jobs is None or job not in jobs:
            return False
        jobs.remove(job)
        if not jobs:
            del members[job.submitter.key]
        if not members:
            del self._rooms[job.room]
        self._size -= 1
        return True

    def in_order(self) -> Iterator[Job]:
        """Give all waiting jobs in the order of their turns, if nobody else came."""
        rooms = deque(
            deque(deque(jobs) for jobs in members.values()) for members in self._rooms.values()
        )
        while rooms:
            members = rooms.popleft()
            jobs = members.popleft()
            yield jobs.popleft()
            if jobs:
                members.append(jobs)
            if members:
                rooms.append(members)
