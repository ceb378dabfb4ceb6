"""Decides which jobs hold a slot, and which may start. Pure: the caller supplies the time.

A job takes a slot when its turn comes. A job on pipes holds it until its end. A program with a
terminal holds it only while it computes, and for at most `slot_seconds` in total, the time of one
run:

    in a slot  --waits or sleeps-->  idle  --computes-->  woken  --waits or sleeps-->  idle
    in a slot, or woken  --slot_seconds used up-->  spent (needs no slot any more)

A program that wakes continues immediately, with or without a slot. Woken programs count as taken
slots, but never take the last one. So jobs continue to start whatever woken programs do, and each
slot that was taken by turn is free again within the time of one run.

If one room holds all slots, there is one spare slot for a job of another room, so that it does not
wait. If one invite of the room holds them, there is a second spare slot for a job of another invite
of the same room.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

from codesync_server.jobs.interactive import InteractiveFull, InteractiveLimits, InteractiveShare
from codesync_server.jobs.job import Job

_Key = TypeVar("_Key", str, tuple[str, str])


@dataclass(slots=True, eq=False)
class StartedJob:
    """A job that has started and not ended.

    Attributes:
        job: the job.
        woken: whether it was idle before.
        computes: whether it is active.
        spent: whether its time in a slot is used up.
        used: seconds in a slot until `since`.
        since: start of its present time in a slot; None while it is in no slot.
        unmetered: seconds in a slot that do not count against the limit; None while none do:
            before its program runs, or without a terminal.
    """

    job: Job
    since: float | None
    woken: bool = False
    computes: bool = True
    spent: bool = False
    used: float = 0.0
    unmetered: float | None = None

    def seconds(self, now: float) -> float:
        """Return its total seconds in a slot."""
        return self.used + (now - self.since if self.since is not None else 0.0)

    def metered(self, now: float) -> float:
        """Return its seconds in a slot that count against the limit."""
        return 0.0 if self.unmetered is None else self.seconds(now) - self.unmetered


class Slots:
    """The slots, and the interactive share.

    Args:
        max_concurrent: number of slots.
        slot_seconds: total seconds that a program with a terminal may hold a slot.
        limits: limits on programs with a terminal.

    Attributes:
        max_concurrent: the same.
    """

    def __init__(self, max_concurrent: int, slot_seconds: float, limits: InteractiveLimits) -> None:
        self.max_concurrent = max_concurrent
        self._slot_seconds = slot_seconds
        self._share = InteractiveShare(limits)
        self._held: dict[str, StartedJob] = {}
        self._by_turn = 0  # jobs in a slot since their turn
        self._woken = 0  # woken programs in a slot
        self._rooms: Counter[str] = Counter()  # jobs in a slot
        self._invites: Counter[tuple[str, str]] = Counter()  # jobs in a slot, by room and invite
        self._terminals: Counter[str] = Counter()  # programs with a terminal in a slot, by room

    def __len__(self) -> int:
        """Number of jobs that have started and not ended."""
        return len(self._held)

    @property
    def taken(self) -> int:
        """Number of slots in use, at most `max_concurrent`."""
        return min(self.max_concurrent, self._counted)

    @property
    def computing(self) -> int:
        """Number of active programs, with or without a slot."""
        return sum(held.computes for held in self._held.values())

    @property
    def idle(self) -> int:
        """Number of idle programs with a terminal."""
        return len(self._held) - self.computing

    @property
    def interactive(self) -> int:
        """Number of programs with a terminal that have started and not ended."""
        return len(self._share)

    @property
    def interactive_max(self) -> int:
        """Maximum number of programs with a terminal."""
        return self._share.limits.server

    @property
    def _counted(self) -> int:
        return self._by_turn + min(self._woken, self.max_concurrent - 1)

    @property
    def has_free(self) -> bool:
        """Whether a slot is free."""
        return self._counted < self.max_concurrent

    @property
    def has_spare(self) -> bool:
        """Whether one room holds all slots, so that another room or invite may take a spare one."""
        return not self.has_free and self.max_concurrent > 1 and len(self._rooms) == 1

    def _may_take_spare(self, job: Job) -> bool:
        if not self.has_spare:
            return False
        if not self.holds(job.room):
            return True
        # If the invite's spare slot is in use, the other room's is still free.
        return len(self._invites) == 1 and (job.room, job.submitter.invite) not in self._invites

    def holds(self, room: str) -> int:
        """Return the number of slots that a room holds; wake-ups can raise it above the maximum."""
        return self._rooms[room]

    def may_start(self, job: Job, memory: int) -> bool:
        """Return whether a job may take a free or spare slot.

        Programs with a terminal of one room never hold all slots.

        Args:
            job: the job.
            memory: its memory limit in bytes.
        """
        if not self.has_free and not self._may_take_spare(job):
            return False
        if not job.tty:
            return True
        few = self._terminals[job.room] < max(1, self.max_concurrent - 1)
        return few and self.full(job, memory) is None

    def full(self, job: Job, memory: int) -> InteractiveFull | None:
        """Return the limit on terminal programs that keeps a job from starting; None: none."""
        if not job.tty:
            return None
        who = job.submitter
        return self._share.full(job.room, who.key, memory, who.invite, who.address)

    def is_share_full(self, memory: int) -> bool:
        """Return whether no program with a terminal of any room may start.

        Args:
            memory: its memory limit in bytes.
        """
        return self._share.full("", "", memory) is not None

    def reason(self, full: InteractiveFull) -> str:
        """Describe the limit that a job waits for, and when it starts."""
        return self._share.reason(full)

    def start(self, job: Job, memory: int, now: float) -> None:
        """Give a slot to a job that may start."""
        assert self.may_start(job, memory)
        self._held[job.id] = StartedJob(job, now)
        self._by_turn += 1
        self._count_room(job, 1)
        if job.tty:
            who = job.submitter
            self._share.acquire(job.id, job.room, who.key, memory, who.invite, who.address)

    def program_began(self, job: Job, now: float) -> None:
        """Start to limit the time in a slot of a program with a terminal."""
        held = self._held[job.id]
        if job.tty and held.unmetered is None:
            held.unmetered = held.seconds(now)

    def is_idle(self, job: Job, memory: int, now: float) -> None:
        """Release the slot of a program with a terminal that became idle.

        Args:
            memory: bytes in use.
            now: time in seconds.
        """
        held = self._held[job.id]
        held.computes = False
        self._share.is_idle(job.id, memory)
        self._leave(held, now)

    def computes(self, job: Job, now: float) -> None:
        """Count an idle program with a terminal as active again."""
        held = self._held[job.id]
        if held.computes:
            return
        held.computes = held.woken = True
        self._share.computes(job.id)
        if not held.spent:
            held.since = now
            self._woken += 1
            self._count_room(job, 1)

    def expire(self, now: float) -> list[Job]:
        """Release the slots of programs with a terminal whose time is used up.

        Returns:
            The jobs of these programs.
        """
        spent = [held for held in self._metered() if held.metered(now) >= self._slot_seconds]
        for held in spent:
            self._leave(held, now)
            held.spent = True
        return [held.job for held in spent]

    def next_expiry(self, now: float) -> float | None:
        """Return the seconds until `expire` has something to do; None: not before a change."""
        left = [self.left(held, now) for held in self._metered()]
        return min(left, default=None)

    def left(self, held: StartedJob, now: float) -> float:
        """Return the seconds that a program with a terminal may still hold a slot."""
        return max(0.0, self._slot_seconds - held.metered(now))

    def end(self, job: Job, now: float) -> float:
        """Release the slot and the place of a job that has ended.

        Returns:
            Its total seconds in a slot.
        """
        held = self._held.pop(job.id)
        self._leave(held, now)
        if job.tty:
            self._share.release(job.id)
        return held.used

    def in_slots(self) -> Iterator[StartedJob]:
        """Iterate over the jobs that are in a slot."""
        return (held for held in self._held.values() if held.since is not None)

    def _metered(self) -> Iterator[StartedJob]:
        return (held for held in self.in_slots() if held.unmetered is not None)

    def _leave(self, held: StartedJob, now: float) -> None:
        if held.since is None:
            return
        held.used, held.since = held.seconds(now), None
        if held.woken:
            self._woken -= 1
        else:
            self._by_turn -= 1
        self._count_room(held.job, -1)

    def _count_room(self, job: Job, change: int) -> None:
        _count(self._rooms, job.room, change)
        _count(self._invites, (job.room, job.submitter.invite), change)
        if job.tty:
            _count(self._terminals, job.room, change)


def _count(counter: Counter[_Key], key: _Key, change: int) -> None:
    counter[key] += change
    if not counter[key]:
        del counter[key]
