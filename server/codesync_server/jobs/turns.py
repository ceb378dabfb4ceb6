"""Nested round-robin order: the children of each level take turns. Pure."""

from abc import ABC, abstractmethod
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence

from codesync_server.jobs.job import Job

MayRun = Callable[[Job], bool]


class Turns(ABC):
    """Waiting jobs in the order of their turns.

    A path names the children from this level down; each level uses its first element.
    """

    @abstractmethod
    def __len__(self) -> int:
        """Number of waiting jobs."""

    @abstractmethod
    def add(self, path: Sequence[str], job: Job) -> None:
        """Add a job behind the others of its path."""

    @abstractmethod
    def requeue(self, path: Sequence[str], job: Job) -> None:
        """Add a job that was dequeued, and give its path the next turn."""

    @abstractmethod
    def dequeue(self, may_run: MayRun) -> Job | None:
        """Remove the first job that may run; its path goes behind the others."""

    @abstractmethod
    def remove(self, path: Sequence[str], job: Job) -> bool:
        """Remove a job.

        Returns:
            Whether it was in the queue.
        """

    @abstractmethod
    def in_order(self) -> list[Job]:
        """List the jobs in the order of their turns, provided that none is added."""


class JobList(Turns):
    """The lowest level: the jobs of one member, oldest first."""

    def __init__(self) -> None:
        self._jobs: deque[Job] = deque()

    def __len__(self) -> int:
        """Number of waiting jobs."""
        return len(self._jobs)

    def add(self, path: Sequence[str], job: Job) -> None:
        """Add the newest job."""
        self._jobs.append(job)

    def requeue(self, path: Sequence[str], job: Job) -> None:
        """Add a job that was dequeued, in the order of acceptance."""
        self._jobs = deque(sorted([job, *self._jobs], key=lambda each: each.queued_at))

    def dequeue(self, may_run: MayRun) -> Job | None:
        """Remove the oldest job that may run."""
        job = next(filter(may_run, self._jobs), None)
        if job is not None:
            self._jobs.remove(job)
        return job

    def remove(self, path: Sequence[str], job: Job) -> bool:
        """Remove a job; return whether it was here."""
        if job not in self._jobs:
            return False
        self._jobs.remove(job)
        return True

    def in_order(self) -> list[Job]:
        """List the jobs, oldest first."""
        return list(self._jobs)


class Rotation(Turns):
    """A level whose children take turns.

    Args:
        make_child: creates the level below.
    """

    def __init__(self, make_child: Callable[[], Turns]) -> None:
        self._make_child = make_child
        # The child whose turn is next comes first; one that has had its turn moves to the end.
        self._children: OrderedDict[str, Turns] = OrderedDict()
        self._size = 0

    def __len__(self) -> int:
        """Number of waiting jobs."""
        return self._size

    @property
    def children(self) -> OrderedDict[str, Turns]:
        """The children that have waiting jobs, the one whose turn is next first."""
        return self._children

    def add(self, path: Sequence[str], job: Job) -> None:
        """Add a job behind the others of its path."""
        self._child(path[0]).add(path[1:], job)
        self._size += 1

    def requeue(self, path: Sequence[str], job: Job) -> None:
        """Add a job that was dequeued, and give its path the next turn."""
        self._child(path[0]).requeue(path[1:], job)
        self._children.move_to_end(path[0], last=False)
        self._size += 1

    def dequeue(self, may_run: MayRun) -> Job | None:
        """Remove the first job that may run; a child that may not run yet keeps its turn."""
        for key, child in self._children.items():
            job = child.dequeue(may_run)
            if job is not None:
                self._children.move_to_end(key)
                self._shrink(key, child)
                return job
        return None

    def remove(self, path: Sequence[str], job: Job) -> bool:
        """Remove a job; return whether it was here."""
        child = self._children.get(path[0])
        if child is None or not child.remove(path[1:], job):
            return False
        self._shrink(path[0], child)
        return True

    def in_order(self) -> list[Job]:
        """List the jobs in the order of their turns, provided that none is added."""
        lists = [child.in_order() for child in self._children.values()]
        if len(lists) == 1:
            return lists[0]
        ordered: list[Job] = []
        turn = 0
        while lists:
            ordered += [jobs[turn] for jobs in lists]
            turn += 1
            lists = [jobs for jobs in lists if len(jobs) > turn]
        return ordered

    def _child(self, key: str) -> Turns:
        child = self._children.get(key)
        if child is None:
            child = self._children[key] = self._make_child()
        return child

    def _shrink(self, key: str, child: Turns) -> None:
        self._size -= 1
        if not child:
            del self._children[key]
