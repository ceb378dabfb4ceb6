"""A throttled call runs at once, then rarely, and once more at the end."""

from collections.abc import Callable
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from codesync_tui.room.throttle import Throttle

SECONDS = 50.0
"""Whole numbers, so that nothing is rounded."""


class Time:
    """A clock that is moved by hand, and what is to be done when it has come so far."""

    def __init__(self) -> None:
        self.now = 0.0
        self.due: list[tuple[float, Callable[[], None]]] = []

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        self.due.append((self.now + seconds, act))

    def move_to(self, then: float) -> None:
        for at, act in [each for each in self.due if each[0] <= then]:
            self.due.remove((at, act))
            self.now = at
            act()
        self.now = then


@given(st.lists(st.integers(0, 200), min_size=1, max_size=60))
def test_it_is_done_at_once_never_too_often_and_always_after_the_last_time(
    pauses: list[int],
) -> None:
    time, done = Time(), list[float]()
    throttle = Throttle(lambda: done.append(time.now), SECONDS, time.later, lambda: time.now)
    for pause in pauses:
        time.move_to(time.now + pause)
        before = len(done)
        rested = not done or time.now - done[-1] >= SECONDS
        throttle.request()
        assert (len(done) > before) == rested
    asked = time.now
    assert len(time.due) <= 1
    time.move_to(asked + SECONDS)
    assert asked <= done[-1] <= asked + SECONDS
    assert not time.due
    assert all(later - earlier >= SECONDS for earlier, later in pairwise(done))


def test_what_is_asked_for_while_it_is_done_is_done_again() -> None:
    time, done = Time(), list[float]()

    def act() -> None:
        done.append(time.now)
        if len(done) == 1:
            throttle.request()

    throttle = Throttle(act, SECONDS, time.later, lambda: time.now)
    throttle.request()
    time.move_to(1000.0)
    assert done == [0.0, SECONDS]
