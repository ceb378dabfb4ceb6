"""Only computing programs hold slots, and no room blocks others (H32)."""

from collections import Counter
from dataclasses import replace
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from codesync_protocol.limits import MIB
from codesync_server.jobs.interactive import (
    CONTAINER_BYTES,
    InteractiveFull,
    InteractiveLimits,
    InteractiveShare,
)
from codesync_server.jobs.job import Job
from codesync_server.jobs.slots import Slots
from tests.server.making import key_of, make_job

PLENTY = InteractiveLimits(server=1000, room=1000, member=1000, memory=1 << 50)
MEMORY = 256 * MIB
SLOT_SECONDS = 5.0

_numbers = count()


def job_of(room: str = "room-a", member: str = "ana", *, tty: bool = True) -> Job:
    return make_job(next(_numbers), room=room, member=member, tty=tty)


def started(slots: Slots, *jobs: Job, now: float = 0.0) -> None:
    """Start jobs whose programs run."""
    for job in jobs:
        slots.start(job, MEMORY, now)
        slots.program_began(job, now)


# What holds a slot.


def test_h32_a_program_that_waits_or_sleeps_takes_no_slot() -> None:
    slots = Slots(2, SLOT_SECONDS, PLENTY)
    dots = [job_of("room-a"), job_of("room-b")]
    started(slots, *dots)
    other = job_of("room-c", tty=False)
    assert not slots.may_start(other, MEMORY)
    slots.is_idle(dots[0], MIB, 1.0)
    assert slots.may_start(other, MEMORY)
    slots.is_idle(dots[1], MIB, 1.0)
    assert (slots.taken, slots.idle, slots.computing, slots.interactive) == (0, 2, 0, 2)


def test_a_program_that_wakes_counts_again_but_one_slot_stays_for_turns() -> None:
    slots = Slots(3, SLOT_SECONDS, PLENTY)
    talkers = [job_of(f"room-{number}") for number in range(20)]
    for talker in talkers:
        started(slots, talker)
        slots.is_idle(talker, MIB, 0.1)
    for talker in talkers:
        slots.computes(talker, 1.0)
    assert slots.computing == 20
    first, second = job_of("room-x", tty=False), job_of("room-y", tty=False)
    started(slots, first, now=1.0)
    assert not slots.may_start(second, MEMORY)
    slots.end(first, 2.0)
    assert slots.may_start(second, MEMORY)


def test_a_program_that_alternates_holds_a_slot_for_the_time_of_one_run_in_all() -> None:
    slots = Slots(1, SLOT_SECONDS, PLENTY)
    alternating = job_of()
    started(slots, alternating)
    now = 0.0
    for _ in range(4):
        now += 1.2
        assert slots.expire(now) == []
        slots.is_idle(alternating, MIB, now)
        slots.computes(alternating, now)
    assert abs((slots.next_expiry(now) or 0.0) - (SLOT_SECONDS - now)) <= 0.01
    assert slots.expire(SLOT_SECONDS + 0.01) == [alternating]
    assert slots.taken == 0
    assert slots.computing == 1
    slots.is_idle(alternating, MIB, 6.0)
    slots.computes(alternating, 7.0)
    assert slots.taken == 0
    assert slots.next_expiry(7.0) is None
    assert abs(slots.end(alternating, 8.0) - SLOT_SECONDS) <= 0.1


def test_the_time_of_a_compiler_and_of_a_job_on_pipes_is_limited_elsewhere() -> None:
    slots = Slots(2, SLOT_SECONDS, PLENTY)
    compiled, piped = job_of(), job_of(tty=False)
    slots.start(compiled, MEMORY, 0.0)
    started(slots, piped)
    assert slots.next_expiry(10.0) is None
    slots.program_began(compiled, 10.0)
    slots.program_began(compiled, 12.0)
    assert abs((slots.next_expiry(12.0) or 0.0) - 3.0) <= 0.01
    assert slots.expire(15.0) == [compiled]
    assert abs(slots.end(compiled, 16.0) - 15.0) <= 0.01


def test_programs_with_a_terminal_of_one_room_never_take_all_slots() -> None:
    slots = Slots(3, SLOT_SECONDS, PLENTY)
    started(slots, job_of("room-a"), job_of("room-a"))
    assert not slots.may_start(job_of("room-a"), MEMORY)
    assert slots.may_start(job_of("room-a", tty=False), MEMORY)
    assert slots.may_start(job_of("room-b"), MEMORY)


def test_h32_another_room_does_not_wait_for_one_that_holds_all_slots() -> None:
    slots = Slots(3, SLOT_SECONDS, PLENTY)
    started(slots, *(job_of("room-a", tty=False) for _ in range(3)))
    assert not slots.may_start(job_of("room-a", tty=False), MEMORY)
    assert slots.may_start(job_of("room-b", tty=False), MEMORY)
    started(slots, job_of("room-b", tty=False))
    assert not slots.may_start(job_of("room-b", tty=False), MEMORY)
    assert not slots.may_start(job_of("room-c", tty=False), MEMORY), "there is one spare slot"


def test_h32_programs_that_wake_do_not_take_the_spare_slot_away() -> None:
    slots = Slots(3, SLOT_SECONDS, PLENTY)
    sleepers = [job_of("room-a"), job_of("room-a")]
    for job in sleepers:
        started(slots, job)
        slots.is_idle(job, 0, 0.0)
    started(slots, *(job_of("room-a", tty=False) for _ in range(2)))
    for job in sleepers:
        slots.computes(job, 0.0)  # now room-a has more programs than there are slots
    assert not slots.may_start(job_of("room-a", tty=False), MEMORY)
    started(slots, job_of("room-b", tty=False))
    assert not slots.may_start(job_of("room-c", tty=False), MEMORY), "there is one spare slot"


def invited(invite: str, room: str = "room-a") -> Job:
    """A job on pipes, of a member who came by an invite."""
    job = job_of(room, tty=False)
    job.submitter = replace(job.submitter, invite=invite)
    return job


def test_h32_another_link_of_a_room_does_not_wait_for_one_that_holds_all_slots() -> None:
    slots = Slots(3, SLOT_SECONDS, PLENTY)
    started(slots, *(invited("eve's link") for _ in range(3)))
    assert not slots.may_start(invited("eve's link"), MEMORY)
    started(slots, invited("ana's link"))
    assert not slots.may_start(invited("ana's link"), MEMORY)
    assert not slots.may_start(invited("one more link"), MEMORY), "there is one spare slot"
    started(slots, invited("a link", "room-b"))
    assert not slots.may_start(invited("a link", "room-c"), MEMORY), "and one for another room"


def test_h32_links_that_share_all_slots_have_no_spare_one() -> None:
    slots = Slots(2, SLOT_SECONDS, PLENTY)
    started(slots, invited("eve's link"), invited("ana's link"))
    assert not slots.may_start(invited("one more link"), MEMORY)
    assert slots.may_start(invited("a link", "room-b"), MEMORY)


def test_rooms_that_share_all_slots_have_no_spare_one() -> None:
    slots = Slots(3, SLOT_SECONDS, PLENTY)
    started(slots, *(job_of(room, tty=False) for room in ("room-a", "room-b", "room-c")))
    assert not slots.may_start(job_of("room-d", tty=False), MEMORY)


def test_a_server_with_one_slot_has_no_spare_one() -> None:
    slots = Slots(1, SLOT_SECONDS, PLENTY)
    started(slots, job_of("room-a", tty=False))
    assert not slots.may_start(job_of("room-b", tty=False), MEMORY)


# How many programs with a terminal there may be.

FEW = InteractiveLimits(server=4, room=3, member=2, memory=1 << 50)


def test_the_limits_of_server_room_and_member_are_told_apart() -> None:
    share = InteractiveShare(FEW)
    for number, member in enumerate(["ana", "ana", "ben"]):
        assert share.full("room-a", member, MEMORY) is None
        share.acquire(str(number), "room-a", member, MEMORY)
    assert share.full("room-a", "ana", MEMORY) is InteractiveFull.ROOM
    share.release("2")
    assert share.full("room-a", "ana", MEMORY) is InteractiveFull.MEMBER
    assert share.full("room-b", "ana", MEMORY) is None
    share.acquire("3", "room-b", "ana", MEMORY)
    share.acquire("4", "room-c", "ana", MEMORY)
    assert share.full("room-d", "dan", MEMORY) is InteractiveFull.SERVER
    assert share.full("room-a", "ana", MEMORY) is InteractiveFull.SERVER


def test_keys_of_one_link_leave_a_place_for_those_who_came_by_another() -> None:
    memory = 8 * (MEMORY + CONTAINER_BYTES)
    share = InteractiveShare(InteractiveLimits(server=9, room=3, member=2, memory=memory))
    for number in range(3):
        share.acquire(str(number), "room-a", f"key-{number}", MEMORY, "link")
    assert share.full("room-a", "another key", MEMORY, "link") is InteractiveFull.ROOM
    assert share.full("room-a", "host", MEMORY, "token") is None
    share.acquire("3", "room-a", "host", MEMORY, "token")
    assert share.full("room-a", "host", MEMORY, "token") is InteractiveFull.ROOM, (
        "one beyond the limit"
    )
    for number in range(4, 6):
        share.acquire(str(number), "room-a", f"key-{number}", MEMORY, f"link-{number}")
    assert share.full("room-a", "dan", MEMORY, "one more link") is InteractiveFull.ROOM, (
        "twice the limit"
    )
    share.release("3")
    assert share.full("room-a", "host", MEMORY, "token") is None


def test_keys_of_one_address_leave_a_place_for_others_who_have_the_same_link() -> None:
    memory = 12 * (MEMORY + CONTAINER_BYTES)
    share = InteractiveShare(InteractiveLimits(server=9, room=4, member=2, memory=memory))
    for number in range(4):
        share.acquire(str(number), "room-a", f"key-{number}", MEMORY, "link", "10.0.0.1")
    assert share.full("room-a", "another key", MEMORY, "link", "10.0.0.1") is InteractiveFull.ROOM
    for number in range(4, 6):
        assert share.full("room-a", "eva", MEMORY, "link", f"10.0.0.{number}") is None
        share.acquire(str(number), "room-a", "eva", MEMORY, "link", f"10.0.0.{number}")
    assert share.full("room-a", "dan", MEMORY, "link", "10.0.0.9") is InteractiveFull.ROOM
    assert share.full("room-a", "host", MEMORY, "token", "10.0.0.9") is None
    share.release("4")
    assert share.full("room-a", "dan", MEMORY, "link", "10.0.0.9") is None


def test_keys_of_one_link_leave_memory_of_the_room_for_those_who_came_by_another() -> None:
    share = InteractiveShare(InteractiveLimits(100, 100, 100, 4 * (MEMORY + CONTAINER_BYTES)))
    for number in range(2):
        share.acquire(str(number), "room-a", f"key-{number}", MEMORY, "link")
    assert share.full("room-a", "another key", MEMORY, "link") is InteractiveFull.ROOM_MEMORY
    assert share.full("room-a", "host", MEMORY, "token") is None


@pytest.mark.parametrize("full", InteractiveFull)
def test_a_reason_fits_into_a_message_that_has_many(full: InteractiveFull) -> None:
    most = InteractiveLimits(10_000, 10_000, 10_000, 1 << 40)
    assert 20 < len(InteractiveShare(most).reason(full)) <= 100


def test_memory_that_is_in_use_limits_how_many_may_start() -> None:
    budget = 4 * (MEMORY + CONTAINER_BYTES)
    share = InteractiveShare(InteractiveLimits(100, 100, 100, budget))
    for number in range(2):
        share.acquire(str(number), "room-a", "ana", MEMORY)
    assert share.full("room-a", "ana", MEMORY) is InteractiveFull.ROOM_MEMORY, (
        "one room has half at the most"
    )
    share.acquire("2", "room-b", "ben", MEMORY)
    share.acquire("3", "room-c", "cyd", MEMORY)
    assert share.full("room-d", "dan", MEMORY) is InteractiveFull.MEMORY
    share.is_idle("0", 10 * MIB)
    assert share.reserved == 3 * (MEMORY + CONTAINER_BYTES) + 10 * MIB + CONTAINER_BYTES
    share.is_idle("1", 10 * MIB)
    assert share.full("room-d", "dan", MEMORY) is None
    share.computes("0")
    share.computes("1")
    assert share.full("room-d", "dan", MEMORY) is InteractiveFull.MEMORY


def test_with_little_memory_the_first_program_of_the_server_starts() -> None:
    share = InteractiveShare(InteractiveLimits(100, 100, 100, 64 * MIB))
    assert share.full("room-a", "ana", MEMORY) is None
    share.acquire("0", "room-a", "ana", MEMORY)
    assert share.full("room-a", "ana", MEMORY) is InteractiveFull.ROOM_MEMORY


# Whatever programs do.

ROOMS = ["room-a", "room-b", "room-c"]
LIMITS = InteractiveLimits(server=6, room=4, member=2, memory=8 * (MEMORY + CONTAINER_BYTES))


class AnyPrograms(RuleBasedStateMachine):
    """Jobs of three rooms start, compute, sleep and end as they please."""

    @initialize(most=st.integers(1, 4))
    def begin(self, most: int) -> None:
        self.most = most
        self.slots = Slots(most, SLOT_SECONDS, LIMITS)
        self.now = 0.0
        self.jobs: dict[str, Job] = {}
        self.by_turn: set[str] = set()  # in a slot since their turn

    def some(self, data: st.DataObject, *, tty: bool = False) -> Job | None:
        jobs = [job for job in self.jobs.values() if job.tty or not tty]
        return data.draw(st.sampled_from(jobs)) if jobs else None

    @rule(room=st.sampled_from(ROOMS), member=st.sampled_from(["ana", "ben"]), tty=st.booleans())
    def starts(self, room: str, member: str, tty: bool) -> None:
        job = job_of(room, member, tty=tty)
        if self.slots.may_start(job, MEMORY):
            started(self.slots, job, now=self.now)
            self.jobs[job.id] = job
            self.by_turn.add(job.id)

    @rule(data=st.data(), memory=st.integers(0, MEMORY))
    def sleeps(self, data: st.DataObject, memory: int) -> None:
        if job := self.some(data, tty=True):
            self.slots.is_idle(job, memory, self.now)
            self.by_turn.discard(job.id)

    @rule(data=st.data())
    def wakes(self, data: st.DataObject) -> None:
        if job := self.some(data, tty=True):
            self.slots.computes(job, self.now)

    @rule(data=st.data())
    def ends(self, data: st.DataObject) -> None:
        if job := self.some(data):
            assert 0 <= self.slots.end(job, self.now) <= self.now
            del self.jobs[job.id]
            self.by_turn.discard(job.id)

    @rule(seconds=st.floats(0.0, 4.0))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        for job in self.slots.expire(self.now):
            self.by_turn.discard(job.id)

    @precondition(lambda self: self.jobs)
    @rule()
    def after_one_run_any_other_room_may_start(self) -> None:
        """Jobs on pipes end within the time of one run, by their wall time."""
        self.now += SLOT_SECONDS + 0.001
        for job in self.slots.expire(self.now):
            self.by_turn.discard(job.id)
        for job in [job for job in self.jobs.values() if not job.tty]:
            self.slots.end(job, self.now)
            del self.jobs[job.id]
            self.by_turn.discard(job.id)
        assert self.slots.may_start(job_of("room-x", tty=False), MEMORY)

    @invariant()
    def no_more_started_by_turn_than_there_are_slots_and_a_spare_one(self) -> None:
        assert len(self.by_turn) <= self.most + (self.most > 1)
        assert self.slots.taken <= self.most
        assert len(self.by_turn) <= self.slots.taken + (self.most > 1)

    @invariant()
    def one_room_with_terminals_leaves_a_slot(self) -> None:
        taken = Counter(self.jobs[job].room for job in self.by_turn if self.jobs[job].tty)
        assert all(many <= max(1, self.most - 1) for many in taken.values())

    @invariant()
    def no_share_is_exceeded(self) -> None:
        terminals = [job for job in self.jobs.values() if job.tty]
        assert self.slots.interactive == len(terminals) <= LIMITS.server
        rooms = Counter(job.room for job in terminals)
        members = Counter((job.room, job.submitter.key) for job in terminals)
        assert max(rooms.values(), default=0) <= LIMITS.room
        assert max(members.values(), default=0) <= LIMITS.member

    @invariant()
    def every_job_is_counted(self) -> None:
        assert len(self.slots) == len(self.jobs)
        assert self.slots.computing + self.slots.idle == len(self.jobs)


AnyPrograms.TestCase.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
TestAnyPrograms = AnyPrograms.TestCase


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["acquire", "computes", "idle", "release"]),
            st.integers(0, 9),
            st.integers(0, 2 * MEMORY),
        )
    )
)
def test_what_is_reserved_is_what_its_programs_have(steps: list[tuple[str, int, int]]) -> None:
    share = InteractiveShare(LIMITS)
    places: dict[str, str] = {}
    for step, number, memory in steps:
        job, room = str(number), ROOMS[number % 3]
        if step == "acquire" and job not in places and not share.full(room, key_of("a"), MEMORY):
            was_empty, room_was_empty = not places, room not in places.values()
            share.acquire(job, room, key_of("a"), MEMORY)
            places[job] = room
            assert was_empty or share.reserved <= LIMITS.memory
            assert room_was_empty or share.reserved_by(room) <= LIMITS.memory // 2
        elif job in places and step == "computes":
            share.computes(job)
        elif job in places and step == "idle":
            share.is_idle(job, memory)
        elif job in places and step == "release":
            share.release(job)
            del places[job]
        assert len(share) == len(places)
        assert share.reserved == sum(share.reserved_by(room) for room in ROOMS)
        assert share.reserved <= len(places) * (MEMORY + CONTAINER_BYTES)
