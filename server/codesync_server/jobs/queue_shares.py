"""Limits the waiting jobs and bytes of rooms, invites, addresses and members. Pure."""

from collections import Counter
from dataclasses import dataclass

from codesync_protocol.limits import KIB, MIB
from codesync_server.jobs.job import Job

FEW_JOBS = 3
FEW_BYTES = 64 * KIB
"""Each room always has a place for this number of jobs and bytes. In a full room, so has each
invite up to INVITE_FACTOR times the room's share, and each address of an invite up to ORIGIN_FACTOR
times."""

INVITE_FACTOR = 2.0
ORIGIN_FACTOR = 1.5
_FACTORS = (INVITE_FACTOR, ORIGIN_FACTOR)

ROOMS_MIN = 4
"""One room gets at most this fraction of the server's bound, however few rooms have waiting
jobs."""


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """Bounds of the waiting jobs.

    Attributes:
        jobs: of the whole server.
        size: bytes of source and stdin, of the whole server.
        per_room: jobs of one room.
        per_member: jobs of one member.
    """

    jobs: int = 10_000
    size: int = 512 * MIB
    per_room: int = 500
    per_member: int = 5


class QueueFull(Exception):
    """A share of the queue is used up; the message states which one and its limit.

    Attributes:
        level: whose share: "member", "room" or "server".
    """

    def __init__(self, level: str, message: str) -> None:
        super().__init__(message)
        self.level = level


class QueueShares:
    """Counts waiting jobs and their bytes by room, invite, address and member.

    The server's bound is divided by the number of rooms that have waiting jobs, so the share of
    one room shrinks while others come. Client keys are free to create, therefore the bounds that
    protect other rooms belong to rooms, and those inside a room to invites and addresses.

    Args:
        limits: the bounds.

    Attributes:
        refusals: number of refused jobs by the level whose share was used up.
    """

    def __init__(self, limits: QueueLimits) -> None:
        self.refusals: Counter[str] = Counter()
        self._limits = limits
        self._jobs: Counter[tuple[str, ...]] = Counter()  # by path: (), (room,), …, member
        self._bytes: Counter[str] = Counter()  # by room
        self._part_bytes: Counter[tuple[str, ...]] = Counter()  # by path: invite, address
        self._sizes: dict[Job, int] = {}
        self._total_bytes = 0

    def __contains__(self, job: Job) -> bool:
        """Whether a job is counted."""
        return job in self._sizes

    @property
    def total_bytes(self) -> int:
        """Bytes of source and stdin of all counted jobs."""
        return self._total_bytes

    @property
    def rooms(self) -> int:
        """Number of rooms that have counted jobs."""
        return len(self._bytes)

    def reserve(self, job: Job) -> None:
        """Count a job if its member, its room and the server have a place for it.

        Raises:
            QueueFull: a share is used up; nothing is counted.
        """
        try:
            self._check_member(job)
            self._check_jobs(job)
            self._check_bytes(job, job.size)
        except QueueFull as error:
            self.refusals[error.level] += 1
            raise
        self.add(job)

    def add(self, job: Job) -> None:
        """Count a job that was accepted before, regardless of the limits."""
        size = self._sizes[job] = job.size
        for path in _levels(job):
            self._jobs[path] += 1
        self._count_bytes(job, size)

    def grow(self, job: Job, size: int) -> None:
        """Count stdin that a waiting job received.

        Args:
            job: the job; ignored if it does not wait.
            size: bytes.

        Raises:
            QueueFull: the share of its room, or of the server, is used up; nothing is counted.
        """
        if job not in self._sizes:
            return
        try:
            self._check_bytes(job, size)
        except QueueFull as error:
            self.refusals[error.level] += 1
            raise
        self._sizes[job] += size
        self._count_bytes(job, size)

    def release(self, job: Job) -> None:
        """Stop counting a job; does nothing if it is not counted."""
        size = self._sizes.pop(job, None)
        if size is None:
            return
        for path in _levels(job):
            self._jobs[path] -= 1
            if not self._jobs[path]:
                del self._jobs[path]
        self._count_bytes(job, -size)
        if (job.room,) not in self._jobs:
            del self._bytes[job.room]
        for part in _parts(job):
            if part not in self._jobs:
                del self._part_bytes[part]

    def _count_bytes(self, job: Job, size: int) -> None:
        self._total_bytes += size
        self._bytes[job.room] += size
        for part in _parts(job):
            self._part_bytes[part] += size

    def _check_member(self, job: Job) -> None:
        limit = self._limits.per_member
        if self._jobs[path_of(job)] >= limit:
            raise QueueFull("member", f"Your share of the queue is full ({_jobs(limit)})")

    def _check_jobs(self, job: Job) -> None:
        held, limit = self._jobs[(job.room,)], self._limits.jobs
        few = min(FEW_JOBS, self._limits.per_room)
        if held < few:
            return
        if self._jobs[()] >= limit:
            raise QueueFull("server", f"The queue of this server is full ({_jobs(limit)})")
        share = max(few, min(self._limits.per_room, limit // self._rooms_with(job.room)))
        if held < share:
            return
        if not any(
            self._jobs[part] < few and held < factor * share
            for part, factor in zip(_parts(job), _FACTORS, strict=True)
        ):
            raise QueueFull("room", f"This room's share of the queue is full ({_jobs(share)})")

    def _check_bytes(self, job: Job, size: int) -> None:
        room = job.room
        held, limit = self._bytes[room], self._limits.size
        if held + size <= FEW_BYTES:
            return
        if self._total_bytes + size > limit:
            raise QueueFull("server", f"The queue of this server is full ({_size(limit)})")
        share = limit // max(ROOMS_MIN, self._rooms_with(room))
        is_few = any(
            self._part_bytes[part] + size <= FEW_BYTES and held + size <= factor * share
            for part, factor in zip(_parts(job), _FACTORS, strict=True)
        )
        if held and held + size > share and not is_few:
            raise QueueFull("room", f"This room's share of the queue is full ({_size(share)})")

    def _rooms_with(self, room: str) -> int:
        return len(self._bytes) + (room not in self._bytes)


def path_of(job: Job) -> tuple[str, str, str, str]:
    """The levels at which a job takes turns and is counted: room, invite, address, member."""
    who = job.submitter
    return job.room, who.invite, who.address, who.key


def _levels(job: Job) -> tuple[tuple[str, ...], ...]:
    path = path_of(job)
    return (), path[:1], path[:2], path[:3], path


def _parts(job: Job) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the paths of the room's parts with guaranteed places: the invite, and its address."""
    path = path_of(job)
    return path[:2], path[:3]


def _size(limit: int) -> str:
    return f"{limit / MIB:.3g} MB of programs and input"


def _jobs(count: int) -> str:
    return f"{count:,} job" if count == 1 else f"{count:,} jobs"
