"""Start estimates follow from the times of other jobs in slots."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesync_server.configuration.limits import JobLimits
from codesync_server.jobs import forecast
from codesync_server.jobs.forecast import SlotDurations, StartEstimates, StartTimes
from codesync_server.jobs.interactive import InteractiveLimits
from codesync_server.jobs.job import Job
from codesync_server.jobs.queue import FairQueue
from codesync_server.jobs.slots import Slots
from codesync_server.jobs.start_order import StartOrder
from tests.server.making import make_job

MEMORY = 256 << 20
LIMITS = InteractiveLimits(server=3, room=2, member=2, memory=1 << 50)


def estimates(slots: Slots) -> StartEstimates:
    """Estimates that know: a job on pipes is in a slot for 1 s, one on a terminal for 3 s."""
    made = StartEstimates(slots, JobLimits())
    learn(made)
    return made


def learn(made: StartEstimates) -> None:
    made.add(make_job(100), 1.0)
    made.add(make_job(101, tty=True), 3.0)


MEAN = 1.4  # of any job, by the weight of the newest


def started(slots: Slots, *jobs: Job) -> None:
    for job in jobs:
        slots.start(job, MEMORY, 0.0)
        slots.program_began(job, 0.0)


def test_before_any_job_ended_nobody_knows() -> None:
    slots = Slots(1, 5.0, LIMITS)
    started(slots, make_job(1))
    assert StartEstimates(slots, JobLimits()).starts_in(1, 100.0) == 0.0


def test_each_kind_of_job_in_a_slot_counts_what_its_kind_takes() -> None:
    for tty, left in ((False, 0.6), (True, 2.6)):
        slots = Slots(1, 5.0, LIMITS)
        started(slots, make_job(1, tty=tty))
        made = estimates(slots)
        assert abs(made.starts_in(1, 0.4) - left) <= 0.01
        assert abs(made.starts_in(3, 0.4) - (left + 2 * MEAN)) <= 0.01


def test_h32_a_program_that_computes_for_long_is_expected_to_go_on() -> None:
    slots = Slots(1, 5.0, LIMITS)
    started(slots, make_job(1))
    made = estimates(slots)
    assert abs(made.starts_in(1, 6.0) - 6.0) <= 0.01
    assert abs(made.starts_in(1, 19.0) - 1.0) <= 0.01  # compiling and running end at 20 s


def test_h32_a_program_that_waits_delays_nobody() -> None:
    slots = Slots(1, 5.0, LIMITS)
    asks = make_job(1, tty=True)
    started(slots, asks)
    made = estimates(slots)
    assert abs(made.starts_in(1, 1.0) - 2.0) <= 0.01
    slots.is_idle(asks, 0, 1.0)
    made.discard()
    assert made.starts_in(1, 1.0) == 0.0


def test_a_program_with_a_terminal_gives_up_its_slot_when_its_time_is_over() -> None:
    slots = Slots(1, 5.0, LIMITS)
    started(slots, make_job(1, tty=True))
    assert abs(estimates(slots).starts_in(1, 4.5) - 0.5) <= 0.01


def test_more_in_slots_than_there_are_slots_means_that_the_first_ends_free_none() -> None:
    assert StartTimes(2, [4.0, 1.0, 3.0, 2.0], 1.0).of(1) == 3.0


@given(st.integers(1, 5), st.lists(st.floats(0.0, 20.0), max_size=8), st.floats(0.0, 5.0))
def test_who_waits_longer_starts_no_later(slots: int, left: list[float], seconds: float) -> None:
    starts = StartTimes(slots, left, seconds)
    times = [starts.of(place) for place in range(1, 30)]
    assert times == sorted(times)
    assert all(time == 0.0 for time in times[: max(0, slots - len(left))])


def test_far_behind_times_go_on_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    exact = StartTimes(3, [0.1, 0.2, 0.3], 1.0).of(1000)
    monkeypatch.setattr(forecast, "PLACES_MAX", 10)
    assert abs(StartTimes(3, [0.1, 0.2, 0.3], 1.0).of(1000) - exact) <= 1.0


@given(st.lists(st.floats(0.0, 100.0), min_size=1))
def test_the_mean_stays_within_what_was_learned(seconds: list[float]) -> None:
    turns = SlotDurations()
    for each in seconds:
        turns.add(make_job(0), each)
    assert min(seconds) - 1e-9 <= turns.any <= max(seconds) + 1e-9


# Jobs that wait for a place among the programs with a terminal.


def test_nobody_knows_when_a_job_starts_that_waits_for_a_place() -> None:
    slots, queue = Slots(3, 5.0, LIMITS), FairQueue()
    order = StartOrder(queue, slots, JobLimits())
    learn(order.estimates)
    for number in range(2):
        asks = make_job(number, tty=True)
        started(slots, asks)
        slots.is_idle(asks, 0, 0.0)
    started(slots, *(make_job(number, room="room-b") for number in range(2, 5)))
    held_up, other = make_job(5, tty=True), make_job(6, tty=True, room="room-c")
    assert order.starts_in(held_up, 1, 0.5) == 0.0
    assert order.held_up(held_up)
    assert abs(order.starts_in(other, 1, 0.5) - 0.5) <= 0.01
    assert not order.held_up(other)


def test_jobs_that_no_place_is_free_for_delay_none_on_pipes() -> None:
    slots, queue = Slots(1, 5.0, LIMITS), FairQueue()
    order = StartOrder(queue, slots, JobLimits())
    learn(order.estimates)
    for number in range(3):
        asks = make_job(number, tty=True, room=f"room-{number}")
        started(slots, asks)
        slots.is_idle(asks, 0, 0.0)
    started(slots, make_job(3))
    for number in range(10, 19):
        queue.enqueue(make_job(number, tty=True, room=f"room-{number}"))
    piped = make_job(19, room="room-x")
    queue.enqueue(piped)
    (place,) = queue.places_in("room-x").values()
    assert place == 10
    assert abs(order.starts_in(piped, place, 0.5) - 0.5) <= 0.01
    slots.end(make_job(3), 1.0)
    assert order.start_next(1.0) is piped
    assert order.start_next(1.0) is None
    assert queue.terminals == len(queue) == 9
