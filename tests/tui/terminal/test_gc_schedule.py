"""Full garbage collections wait for a pause; small ones do not."""

import gc

import pytest

from codesync_tui.terminal import gc_schedule
from codesync_tui.terminal.gc_schedule import (
    DUE_SECONDS,
    NEVER,
    OVERDUE_SECONDS,
    PAUSE_SECONDS,
    GcSchedule,
)


class Clock:
    """A clock that stands still until it is told otherwise."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(gc_schedule, "monotonic", clock)
    return clock


@pytest.fixture
def collections(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    counted: list[int] = []
    monkeypatch.setattr(gc, "collect", lambda: counted.append(1))
    return counted


def test_a_pause_is_used_when_it_is_due(clock: Clock, collections: list[int]) -> None:
    timed = GcSchedule()
    clock.now += DUE_SECONDS
    timed.note_activity()
    timed.collect_if_due()
    assert collections == []
    clock.now += PAUSE_SECONDS
    timed.collect_if_due()
    timed.collect_if_due()
    assert collections == [1]


def test_without_a_pause_it_is_done_some_time(clock: Clock, collections: list[int]) -> None:
    timed = GcSchedule()
    for _ in range(int(OVERDUE_SECONDS)):
        assert collections == []
        clock.now += 1
        timed.note_activity()
        timed.collect_if_due()
    assert collections == [1]


def test_the_interpreter_does_no_full_collection_any_more() -> None:
    before = gc.get_threshold()
    try:
        GcSchedule().start()
        assert gc.get_threshold() == (*before[:2], NEVER)
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
