"""Every member gets a turn, whatever others submit."""

from hypothesis import given
from hypothesis import strategies as st

from codesync_server.jobs.job import Job
from codesync_server.jobs.queue import FairQueue, QueueLimits
from codesync_server.jobs.queue_shares import path_of
from tests.server.making import make_job

ROOMS = st.sampled_from(["room-a", "room-b", "room-c"])
MEMBERS = st.sampled_from(["ana", "ben", "cid"])
INVITES = st.sampled_from(["link", "token"])


@st.composite
def many_jobs(draw: st.DrawFn) -> list[Job]:
    """Jobs of several members in several rooms, in the order of their arrival."""
    places = draw(st.lists(st.tuples(ROOMS, INVITES, MEMBERS), max_size=25))
    return [
        make_job(number, room=room, invite=invite, member=member)
        for number, (room, invite, member) in enumerate(places)
    ]


def queue_of(*jobs: Job) -> FairQueue:
    queue = FairQueue(QueueLimits(per_room=1000, per_member=1000))
    for job in jobs:
        queue.enqueue(job)
    return queue


def numbers(jobs: list[Job]) -> list[int]:
    return [int(job.id, 16) for job in jobs]


def take_all(queue: FairQueue) -> list[Job]:
    taken: list[Job] = []
    while job := queue.dequeue():
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
        queue.dequeue()
    rooms_before = {job.room for job in queue.in_order()}
    queue.enqueue(make_job(1000, room="newcomer"))
    place = numbers(list(queue.in_order())).index(1000)
    assert place <= len(rooms_before)
    # And whoever sends a burst now changes nothing about that.
    for number in range(50):
        queue.enqueue(make_job(2000 + number, room="room-a", member="burst"))
    assert numbers(list(queue.in_order())).index(1000) <= len(rooms_before | {"room-a"})


def test_h11_keys_of_one_invite_have_the_turns_of_one_invite() -> None:
    queue = queue_of(
        *(make_job(n, member=f"key-{n}", invite="link") for n in range(30)),
        *(make_job(n, member="host", invite="token") for n in (30, 31)),
    )
    assert numbers(take_all(queue))[:4] == [0, 30, 1, 31]


@given(many_jobs(), st.integers(0, 25))
def test_places_of_a_room_are_those_of_the_whole_order(waiting: list[Job], turns: int) -> None:
    queue = queue_of(*waiting)
    for _ in range(turns):
        queue.dequeue()
    order = [job.id for job in queue.in_order()]
    places = {room: queue.places_in(room) for room in ("room-a", "room-b", "room-c", "unknown")}
    together = {job: place for of_room in places.values() for job, place in of_room.items()}
    assert together == {job: place for place, job in enumerate(order, 1)}
    assert all(list(each.values()) == sorted(each.values()) for each in places.values())


def test_keys_of_one_address_take_turns_with_others_who_have_the_same_link() -> None:
    flood = [make_job(n, member=f"key-{n}", invite="link", address="10.0.0.1") for n in range(50)]
    eva = [make_job(100 + n, member="eva", invite="link", address="10.0.0.2") for n in range(3)]
    taken = take_all(queue_of(*flood, *eva))
    assert [taken.index(job) for job in eva] == [1, 3, 5]


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
        queue.dequeue()
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
    assert queue.dequeue() is None
    assert list(queue.in_order()) == []


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

    taken = [queue.dequeue(on_pipes) for _ in range(3)]
    assert numbers([job for job in taken if job]) == [2, 4]
    assert taken[2] is None
    assert numbers(take_all(queue)) == [0, 3, 1]


@given(many_jobs(), st.sets(st.integers(0, 24)))
def test_everybody_who_may_run_does_and_nobody_else(waiting: list[Job], may: set[int]) -> None:
    queue = queue_of(*waiting)
    taken: list[int] = []
    while job := queue.dequeue(lambda each: int(each.id, 16) in may):
        taken.append(int(job.id, 16))
    assert set(taken) <= may
    assert len(queue) == len(waiting) - len(taken)
    assert not any(int(job.id, 16) in may for job in heads(queue))


def heads(queue: FairQueue) -> list[Job]:
    """The oldest job of each member of each room."""
    found: dict[tuple[str, ...], Job] = {}
    for job in queue.in_order():
        found.setdefault(path_of(job), job)
    return list(found.values())
