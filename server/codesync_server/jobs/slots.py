"""Decides which jobs hold a slot, and which may start. Pure: the caller supplies the time.

A job takes a slot when its turn comes. A job on pipes keeps it to its end. A program with a
terminal keeps it only while it computes, and for `slot_seconds` in all, the time of one run:

    in a slot  --waits or sleeps-->  idle  --computes-->  woken  --waits or sleeps-->  idle
    in a slot, or woken  --slot_seconds used up-->  spent (needs no slot any more)

A program that wakes continues at once, with a slot or without. Woken programs count as slots that
are taken, but one slot is never taken by them: so jobs go on starting whatever woken programs do,
and each slot that was taken by turn is free again within the time of one run.

When one room holds all slots, there is a spare one for a job of another room: it does not wait.
When one invite of the room holds them, there is another spare one for a job of another invite of
the same room.
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
    """A job that has started and has not ended.

    Attributes:
        job: the job.
        woken: it was idle before.
        computes: it is not idle.
        spent: its time in a slot is used up.
        used: seconds in a slot, up to `since`.
        since: from when it has been in a slot; None while it is in none.
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
        """Seconds that it was in a slot, in all."""
        return self.used + (now - self.since if self.since is not None else 0.0)

    def metered(self, now: float) -> float:
        """Seconds that it was in a slot and that count against the limit."""
        return 0.0 if self.unmetered is None else self.seconds(now) - self.unmetered


class Slots:
    """The slots, and the share of programs with a terminal.

    Args:
        max_concurrent: how many slots there are.
        slot_seconds: how long a program with a terminal may hold a slot, in all.
        limits: of programs with a terminal.

    Attributes:
        max_concurrent: the same.
    """

    def __init__(self, max_concurrent: int, slot_seconds: float, limits: InteractiveLimits) -> None:
        self.max_concurrent = max_concurrent
        self._slot_seconds = slot_seconds
        self._share = InteractiveShare(limits)
        self._held: dict[str, StartedJob] = {}
        self._by_turn = 0  # in a slot since their turn
        self._woken = 0  # in a slot, and idle before
        self._rooms: Counter[str] = Counter()  # jobs in a slot
        self._invites: Counter[tuple[str, str]] = Counter()  # the same, by room and invite
        self._terminals: Counter[str] = Counter()  # the same, of programs with a terminal

    def __len__(self) -> int:
        """How many jobs have started and not ended."""
        return len(self._held)

    @property
    def taken(self) -> int:
        """How many slots are taken, `max_concurrent` at the most."""
        return min(self.max_concurrent, self._counted)

    @property
    def computing(self) -> int:
        """How many programs compute, with a slot or without."""
        return sum(held.computes for held in self._held.values())

    @property
    def idle(self) -> int:
        """How many programs with a terminal wait or sleep."""
        return len(self._held) - self.computing

    @property
    def interactive(self) -> int:
        """How many programs with a terminal have started and not ended."""
        return len(self._share)

    @property
    def interactive_max(self) -> int:
        """How many may run at once."""
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
        """Whether one room holds all slots, and so another room or invite may take one more."""
        return not self.has_free and self.max_concurrent > 1 and len(self._rooms) == 1

    def _may_take_spare(self, job: Job) -> bool:
        if not self.has_spare:
            return False
        if not self.holds(job.room):
            return True
        # With the invite's spare slot taken, the other room's is still there.
        return len(self._invites) == 1 and (job.room, job.submitter.invite) not in self._invites

    def holds(self, room: str) -> int:
        """How many slots a room holds; more than there are when many of its programs woke."""
        return self._rooms[room]

    def may_start(self, job: Job, memory: int) -> bool:
        """Tell whether a job may take a free slot, or a spare one.

        Programs with a terminal of one room never take all slots.

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
        """Tell which limit on programs with a terminal keeps a job from starting; None: none."""
        if not job.tty:
            return None
        who = job.submitter
        return self._share.full(job.room, who.key, memory, who.invite, who.address)

    def is_share_full(self, memory: int) -> bool:
        """Tell whether no program with a terminal may start, of whatever room.

        Args:
            memory: its memory limit in bytes.
        """
        return self._share.full("", "", memory) is not None

    def reason(self, full: InteractiveFull) -> str:
        """Say which limit a job waits for, and when it starts."""
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
        """Limit the time in a slot of a program with a terminal from now on."""
        held = self._held[job.id]
        if job.tty and held.unmetered is None:
            held.unmetered = held.seconds(now)

    def is_idle(self, job: Job, memory: int, now: float) -> None:
        """Take the slot of a program with a terminal that waits or sleeps.

        Args:
            job: its job.
            memory: bytes that it has in use.
            now: seconds.
        """
        held = self._held[job.id]
        held.computes = False
        self._share.is_idle(job.id, memory)
        self._leave(held, now)

    def computes(self, job: Job, now: float) -> None:
        """Count a program with a terminal that was idle as one that computes."""
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
        """Take the slots of programs with a terminal whose time in one is used up.

        Returns:
            Their jobs.
        """
        spent = [held for held in self._metered() if held.metered(now) >= self._slot_seconds]
        for held in spent:
            self._leave(held, now)
            held.spent = True
        return [held.job for held in spent]

    def next_expiry(self, now: float) -> float | None:
        """Seconds until `expire` has something to do; None: not before something changes."""
        left = [self.left(held, now) for held in self._metered()]
        return min(left, default=None)

    def left(self, held: StartedJob, now: float) -> float:
        """Seconds for which a program with a terminal may go on holding a slot."""
        return max(0.0, self._slot_seconds - held.metered(now))

    def end(self, job: Job, now: float) -> float:
        """Take the slot and the place of a job that has ended.

        Returns:
            How many seconds it was in a slot.
        """
        held = self._held.pop(job.id)
        self._leave(held, now)
        if job.tty:
            self._share.release(job.id)
        return held.used

    def in_slots(self) -> Iterator[StartedJob]:
        """The jobs that are in a slot."""
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
