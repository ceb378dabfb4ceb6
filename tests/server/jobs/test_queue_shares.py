"""Shares of the queue: limits of rooms, invites and members, and places for others."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from codesync_protocol.limits import MIB
from codesync_server.jobs.job import Job
from codesync_server.jobs.job_records import job_of, record_of
from codesync_server.jobs.queue import FairQueue, QueueFull, QueueLimits
from codesync_server.jobs.queue_shares import FEW_BYTES, FEW_JOBS
from tests.server.making import make_job


def put_all(queue: FairQueue, *jobs: Job) -> int:
    """Put jobs in the queue; return how many were refused."""
    refused = 0
    for job in jobs:
        try:
            queue.enqueue(job)
        except QueueFull:
            refused += 1
    return refused


def test_h33_a_class_of_300_in_100_rooms_finds_places_with_the_default_limits() -> None:
    queue = FairQueue()
    jobs = [make_job(n, room=f"room-{n % 100}", member=f"m{n}") for n in range(300)]
    assert put_all(queue, *jobs) == 0


def test_h33_a_class_of_300_in_one_room_with_one_link_finds_places() -> None:
    queue = FairQueue()
    jobs = [make_job(n, member=f"m{n}", invite="link") for n in range(300)]
    assert put_all(queue, *jobs) == 0


def test_h11_keys_of_one_link_fill_only_their_room() -> None:
    queue = FairQueue(QueueLimits(jobs=100, per_room=20))
    flood = [make_job(n, room="abused", member=f"key-{n}", invite="link") for n in range(200)]
    assert put_all(queue, *flood) == 180
    for number in range(60):
        queue.enqueue(make_job(1000 + number, room=f"room-{number % 20}", member="ana"))


def test_h11_the_host_finds_a_place_in_a_room_that_a_link_has_filled() -> None:
    queue = FairQueue(QueueLimits(per_room=20))
    put_all(queue, *(make_job(n, member=f"key-{n}", invite="link") for n in range(200)))
    for number in range(FEW_JOBS):
        queue.enqueue(make_job(1000 + number, member="host", invite="token"))
    with pytest.raises(QueueFull, match=r"This room's share of the queue is full \(20 jobs\)"):
        queue.enqueue(make_job(2000, member="host", invite="token"))


def test_h11_others_with_a_link_find_places_in_a_room_that_one_address_has_filled_with_it() -> None:
    queue = FairQueue(QueueLimits(per_room=20))

    def put(number: int, address: str, invite: str = "link") -> int:
        return put_all(
            queue, make_job(number, member=f"key-{number}", invite=invite, address=address)
        )

    assert sum(put(number, "10.0.0.1") for number in range(200)) == 180
    for number in range(FEW_JOBS):
        assert not put(1000 + number, "10.0.0.2")
    assert put(1100, "10.0.0.2")
    assert sum(put(2000 + number, f"10.0.1.{number}") for number in range(200)) == 200 - 7
    assert not put(3000, "10.0.0.9", "another link"), "one link fills no more than 1.5 shares"


def test_h11_others_with_a_link_find_space_in_a_room_that_one_address_has_filled_with_it() -> None:
    queue = FairQueue(QueueLimits(size=8 * MIB))
    large, small = bytes(MIB // 2), bytes(FEW_BYTES)

    def put(number: int, address: str, source: bytes) -> int:
        job = make_job(
            number, member=f"key-{number}", invite="link", address=address, source=source
        )
        return put_all(queue, job)

    assert sum(put(number, "10.0.0.1", large) for number in range(9)) == 5
    assert put(10, "10.0.0.1", small)
    assert not put(11, "10.0.0.2", small)


def test_h11_jobs_that_are_restored_after_a_restart_count_in_the_share_of_their_invite() -> None:
    queue = FairQueue(QueueLimits(per_room=20))
    for number in range(20):
        job = make_job(number, member=f"key-{number}", invite="0123456789abcdef")
        queue.restore(job_of(record_of(job, number + 1), 0.0))
    with pytest.raises(QueueFull, match=r"This room's share of the queue is full \(20 jobs\)"):
        queue.enqueue(make_job(100, member="another-key", invite="0123456789abcdef"))
    queue.enqueue(make_job(200, member="host", invite="token"))


def test_h11_the_host_finds_a_place_in_a_room_whose_bytes_a_link_has_filled() -> None:
    queue = FairQueue(QueueLimits(size=8 * MIB))
    large = bytes(MIB // 2)
    put_all(queue, *(make_job(n, member=f"key-{n}", invite="link", source=large) for n in range(9)))
    for number in range(FEW_JOBS):
        small = bytes(FEW_BYTES // FEW_JOBS)
        queue.enqueue(make_job(1000 + number, member="host", invite="token", source=small))
    with pytest.raises(QueueFull, match=r"This room's share of the queue is full \(2 MB of"):
        queue.enqueue(make_job(2000, member="ben", invite="token", source=bytes(1024)))
    for _ in range(len(queue)):
        queue.dequeue()
    assert (queue.waiting_bytes, queue.waiting_rooms) == (0, 0)


def test_h11_a_few_jobs_find_a_place_in_a_full_server() -> None:
    queue = FairQueue(QueueLimits(jobs=8, per_room=8))
    for room in range(4):
        put_all(queue, *(make_job(n, room=f"room-{room}", member=f"m{n}") for n in range(20)))
    for number in range(FEW_JOBS):
        queue.enqueue(make_job(100 + number, room="newcomer"))
    with pytest.raises(QueueFull, match=r"The queue of this server is full \(8 jobs\)"):
        queue.enqueue(make_job(200, room="newcomer"))


def test_a_member_is_told_its_limit() -> None:
    queue = FairQueue(QueueLimits(per_member=2))
    assert put_all(queue, make_job(0), make_job(1)) == 0
    with pytest.raises(QueueFull, match=r"Your share of the queue is full \(2 jobs\)"):
        queue.enqueue(make_job(2))
    queue.enqueue(make_job(3, member="ben"))
    queue.dequeue()
    queue.enqueue(make_job(4))
    assert queue.refusals == {"member": 1}


def test_a_share_of_a_room_shrinks_as_rooms_come() -> None:
    queue = FairQueue(QueueLimits(jobs=40, per_room=10))
    for room in range(7):
        queue.enqueue(make_job(room, room=f"room-{room}"))
    flood = [make_job(100 + n, room="greedy", member=f"m{n}") for n in range(20)]
    assert put_all(queue, *flood) == 15  # 40 jobs for 8 rooms: 5 each


def test_bytes_are_shared_between_rooms_and_small_programs_find_a_place() -> None:
    queue = FairQueue(QueueLimits(size=8 * MIB))
    large = bytes(MIB)
    greedy = [make_job(n, room="greedy", member=f"m{n}", source=large) for n in range(9)]
    assert put_all(queue, *greedy) == 7  # a room never gets more than a fourth
    queue.enqueue(make_job(100, room="other", source=bytes(5 * MIB)))  # the only one of its room
    with pytest.raises(QueueFull, match=r"server is full \(8 MB of programs and input\)"):
        queue.enqueue(make_job(101, room="third", source=bytes(2 * MIB)))
    for number in range(FEW_JOBS):
        queue.enqueue(make_job(200 + number, room="third", source=bytes(FEW_BYTES // FEW_JOBS)))


def test_h11_input_of_waiting_jobs_counts_until_they_leave_the_queue() -> None:
    queue = FairQueue(QueueLimits(size=4 * MIB))
    job = make_job(0)
    queue.enqueue(job)
    queue.add_input(job, MIB)
    with pytest.raises(QueueFull, match=r"This room's share of the queue is full \(1 MB"):
        queue.add_input(job, 1)
    assert queue.waiting_bytes == MIB
    assert queue.dequeue() is job
    queue.add_input(job, MIB)
    assert queue.waiting_bytes == 0


def test_a_reserved_place_counts_and_is_used_once() -> None:
    queue = FairQueue(QueueLimits(per_member=1))
    job, other = make_job(0), make_job(1)
    queue.reserve(job)
    with pytest.raises(QueueFull):
        queue.enqueue(other)
    assert len(queue) == 0
    queue.enqueue(job)
    assert queue.dequeue() is job
    queue.reserve(other)
    queue.release(other)
    queue.enqueue(make_job(2))
    assert len(queue) == 1


def test_a_refused_job_leaves_no_trace() -> None:
    queue = FairQueue(QueueLimits(per_member=0))
    with pytest.raises(QueueFull):
        queue.enqueue(make_job(0))
    assert queue.dequeue() is None
    assert (queue.waiting_bytes, queue.waiting_rooms) == (0, 0)


LIMITS = QueueLimits(jobs=12, size=400 * 1024, per_room=6, per_member=3)
ROOMS = st.sampled_from(["a", "b", "c", "d", "e", "f"])


class QueueMachine(RuleBasedStateMachine):
    """A queue and a plain list of what waits in it."""

    def __init__(self) -> None:
        super().__init__()
        self.queue = FairQueue(LIMITS)
        self.waiting: list[Job] = []
        self.taken: list[Job] = []
        self.number = 0
        # By room that came when it had nothing waiting: the rooms that may go first, once each.
        self.ahead: dict[str, list[str]] = {}

    @rule(
        room=ROOMS,
        invite=st.sampled_from(["link", "token"]),
        member=st.sampled_from(["x", "y", "z"]),
        size=st.sampled_from([0, 1000, 50_000, 120_000]),
    )
    def submit(self, room: str, invite: str, member: str, size: int) -> None:
        """Submit a job; one that has few waiting is accepted."""
        self.number += 1
        job = make_job(
            self.number, room=room, invite=invite, member=f"{member}{invite}", source=bytes(size)
        )
        job.queued_at = float(self.number)
        of_room = [each for each in self.waiting if each.room == room]
        of_member = [each for each in of_room if each.submitter.key == job.submitter.key]
        few = len(of_room) < FEW_JOBS and sum(each.size for each in of_room) + size <= FEW_BYTES
        rooms = [each.room for each in self.queue.in_order()]
        try:
            self.queue.enqueue(job)
        except QueueFull:
            assert not few or len(of_member) >= LIMITS.per_member
        else:
            self.waiting.append(job)
            assert len(of_member) < LIMITS.per_member
            assert len(of_room) < 2 * LIMITS.per_room
            if not of_room:
                self.ahead[room] = list(set(rooms))

    @precondition(lambda self: self.waiting)
    @rule()
    def take(self) -> None:
        """Take the next job; a newcomer's first job waits for one turn of each other room."""
        expected = self.queue.in_order()[0]
        assert self.queue.dequeue() is expected
        job = expected
        self.waiting.remove(job)
        self.taken.append(job)
        self.ahead.pop(job.room, None)
        for room, ahead in self.ahead.items():
            assert job.room in ahead, f"{job.room} had a second turn before the first of {room}"
            ahead.remove(job.room)

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        """Remove any job."""
        job = data.draw(st.sampled_from(self.waiting))
        assert self.queue.remove(job)
        assert not self.queue.remove(job)
        self.waiting.remove(job)
        if not any(each.room == job.room for each in self.waiting):
            self.ahead.pop(job.room, None)

    @precondition(lambda self: self.taken)
    @rule()
    def put_back(self) -> None:
        """Give a job that was taken last its turn again."""
        job = self.taken.pop()
        self.queue.requeue(job)
        self.waiting.append(job)
        for ahead in self.ahead.values():
            ahead.append(job.room)  # its turn did not count

    @invariant()
    def nothing_is_lost_or_doubled(self) -> None:
        """The queue has what was put in and not taken out, and counts it."""
        order = list(self.queue.in_order())
        assert len(order) == len(self.queue) == len(self.waiting)
        assert set(order) == set(self.waiting)
        assert self.queue.waiting_bytes == sum(job.size for job in self.waiting)
        rooms = {job.room for job in self.waiting}
        assert self.queue.waiting_rooms == len(rooms)
        places = {job: place for room in rooms for job, place in self.queue.places_in(room).items()}
        assert places == {job.id: place for place, job in enumerate(order, 1)}


TestQueueMachine = QueueMachine.TestCase
TestQueueMachine.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
