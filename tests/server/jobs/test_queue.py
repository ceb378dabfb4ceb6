"""Everybody gets a turn, whatever the others do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesync_server.jobs.job import Job
from codesync_server.jobs.queue import FairQueue, QueueFull
from tests.server.making import make_job

ROOMS = st.sampled_from(["room-a", "room-b", "room-c"])
MEMBERS = st.sampled_from(["ana", "ben", "cid"])


@st.composite
def many_jobs(draw: st.DrawFn) -> list[Job]:
    """Jobs of several members in several rooms, in the order of their arrival."""
    places = draw(st.lists(st.tuples(ROOMS, MEMBERS), max_size=25))
    return [make_job(n, room=room, member=member) for n, (room, member) in enumerate(places)]


def queue_of(*jobs: Job, limit: int = 1000, per_member: int = 1000) -> FairQueue:
    queue = FairQueue(limit, per_member)
    for job in jobs:
        queue.put(job)
    return queue


def numbers(jobs: list[Job]) -> list[int]:
    return [int(job.id, 16) for job in jobs]


def take_all(queue: FairQueue) -> list[Job]:
    taken: list[Job] = []
    while job := queue.take():
        taken.append(job)
    return taken


def test_one_members_jobs_run_in_their_order() -> None:
    queue = queue_of(*(make_job(n) for n in range(5)))
    assert numbers(take_all(queue)) == [0, 1, 2, 3, 4]


def test_rooms_take_turns() -> None:
    queue = queue_of(
        *(make_job(n, room="room-a") for n in range(3)),
        *(make_job(n, room="room-b") for n in range(3, 6)),
    )
    assert numbers(take_all(queue)) == [0, 3, 1, 4, 2, 5]


def test_members_of_a_room_take_turns() -> None:
    queue = queue_of(
        *(make_job(n, member="ana") for n in range(3)),
        *(make_job(n, member="ben") for n in range(3, 5)),
    )
    assert numbers(take_all(queue)) == [0, 3, 1, 4, 2]


def test_many_members_give_a_room_no_more_turns() -> None:
    queue = queue_of(
        *(make_job(n, room="room-a", member=f"m{n}") for n in range(4)),
        make_job(9, room="room-b"),
    )
    assert numbers(take_all(queue)) == [0, 9, 1, 2, 3]


@given(many_jobs(), st.integers(0, 20))
def test_nobodys_burst_delays_another_rooms_first_job_by_more_than_one_turn(
    waiting: list[Job], turns_before: int
) -> None:
    queue = queue_of(*waiting)
    for _ in range(turns_before):
        queue.take()
    rooms_before = {job.room for job in queue.in_order()}
    queue.put(make_job(1000, room="newcomer"))
    place = numbers(list(queue.in_order())).index(1000)
    assert place <= len(rooms_before)
    # And whoever sends a burst now changes nothing about that.
    for number in range(50):
        queue.put(make_job(2000 + number, room="room-a", member="burst"))
    assert numbers(list(queue.in_order())).index(1000) <= len(rooms_before | {"room-a"})


@given(many_jobs())
def test_between_two_turns_of_a_room_each_other_waiting_room_has_at_most_one(
    waiting: list[Job],
) -> None:
    taken = take_all(queue_of(*waiting))
    for at, job in enumerate(taken):
        later = [each.room for each in taken[at + 1 :]]
        if job.room in later:
            between = later[: later.index(job.room)]
            assert len(between) == len(set(between))


@given(many_jobs(), st.data())
def test_the_order_that_is_told_is_the_order_of_the_turns(
    waiting: list[Job], data: st.DataObject
) -> None:
    queue = queue_of(*waiting)
    for _ in range(data.draw(st.integers(0, len(waiting)))):
        queue.take()
    expected = list(queue.in_order())
    assert len(queue) == len(expected)
    assert take_all(queue) == expected
    assert len(queue) == 0


@given(many_jobs(), st.data())
def test_a_job_that_is_taken_out_never_comes_and_all_others_do(
    waiting: list[Job], data: st.DataObject
) -> None:
    queue = queue_of(*waiting)
    out = data.draw(st.sets(st.sampled_from(waiting))) if waiting else set[Job]()
    for job in out:
        assert queue.remove(job)
        assert not queue.remove(job)
    taken = take_all(queue)
    assert set(taken) == set(waiting) - out
    assert len(taken) == len(set(taken))


def test_a_job_that_never_waited_cannot_be_taken_out() -> None:
    queue = queue_of(make_job(0))
    assert not queue.remove(make_job(1))
    assert not queue.remove(make_job(2, room="other"))
    assert not queue.remove(make_job(3, member="ben"))
    assert len(queue) == 1


def test_an_empty_queue_has_nobodys_turn() -> None:
    queue = queue_of()
    assert queue.take() is None
    assert list(queue.in_order()) == []


def test_the_queue_takes_as_many_as_its_limit() -> None:
    queue = queue_of(*(make_job(n, member=str(n)) for n in range(3)), limit=3)
    with pytest.raises(QueueFull, match="3 jobs are waiting already"):
        queue.put(make_job(9, member="eve"))
    queue.take()
    queue.put(make_job(9, member="eve"))


def test_a_member_may_have_only_so_many_waiting() -> None:
    queue = queue_of(*(make_job(n) for n in range(2)), per_member=2)
    with pytest.raises(QueueFull, match="2 of your jobs are waiting already"):
        queue.put(make_job(2))
    queue.put(make_job(3, member="ben"))
    queue.take()
    queue.put(make_job(4))


def test_a_job_that_was_refused_left_no_trace() -> None:
    queue = queue_of(limit=0)
    with pytest.raises(QueueFull):
        queue.put(make_job(0))
    assert queue.take() is None


def test_whoever_may_not_run_yet_lets_the_next_one_go_ahead_and_keeps_their_turn() -> None:
    talkers = [make_job(n, room="room-a", tty=True) for n in (0, 1)]
    queue = queue_of(
        *talkers,
        make_job(2, room="room-a", member="ben"),
        make_job(3, room="room-b", tty=True),
        make_job(4, room="room-b", member="ben"),
    )

    def on_pipes(job: Job) -> bool:
        return not job.tty

    taken = [queue.take(on_pipes) for _ in range(3)]
    assert numbers([job for job in taken if job]) == [2, 4]
    assert taken[2] is None
    assert numbers(take_all(queue)) == [0, 3, 1]


@given(many_jobs(), st.sets(st.integers(0, 24)))
def test_everybody_who_may_run_does_and_nobody_else(waiting: list[Job], may: set[int]) -> None:
    queue = queue_of(*waiting)
    taken: list[int] = []
    while job := queue.take(lambda each: int(each.id, 16) in may):
        taken.append(int(job.id, 16))
    assert set(taken) <= may
    assert len(queue) == len(waiting) - len(taken)
    assert not any(int(job.id, 16) in may for job in heads(queue))


def heads(queue: FairQueue) -> list[Job]:
    """The oldest job of each member of each room."""
    found: dict[tuple[str, str], Job] = {}
    for job in queue.in_order():
        found.setdefault((job.room, job.submitter.key), job)
    return list(found.values())
