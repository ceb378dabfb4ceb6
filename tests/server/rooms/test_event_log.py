"""A returning member gets exactly the missed events, or a snapshot."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesync_server.rooms import event_log
from codesync_server.rooms.event_log import EventLog


def filled(frames: list[bytes]) -> EventLog:
    events = EventLog()
    for number, frame in enumerate(frames, 1):
        assert events.next_seq() == number
        events.append(frame)
    return events


@given(st.lists(st.binary(max_size=5), max_size=30), st.integers(-5, 40))
def test_what_was_missed_is_exactly_what_came_behind(frames: list[bytes], seen: int) -> None:
    events = filled(frames)
    missed = events.since(events.epoch, seen)
    if 0 <= seen <= len(frames):
        assert missed == frames[seen:]
    else:
        assert missed is None


def test_of_another_history_nothing_is_known() -> None:
    events = filled([b"a"])
    assert events.since("", 0) is None
    assert events.since("other", 1) is None


def test_no_two_rooms_have_one_history() -> None:
    assert len({EventLog().epoch for _ in range(100)}) == 100


@given(st.lists(st.integers(0, 8), max_size=60), st.data())
def test_only_the_latest_events_are_kept_and_they_are_kept_whole(
    sizes: list[int], data: st.DataObject
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(event_log, "KEPT_BYTES", 20)
        patch.setattr(event_log, "KEPT_EVENTS", 10)
        frames = [bytes([n % 256]) * size for n, size in enumerate(sizes)]
        events = filled(frames)
    seen = data.draw(st.integers(0, len(frames)))
    missed = events.since(events.epoch, seen)
    within = len(frames[seen:]) <= 10 and sum(map(len, frames[seen:])) <= 20
    if within:
        assert missed == frames[seen:]
    else:
        assert missed is None


def test_an_event_larger_than_the_log_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_log, "KEPT_BYTES", 3)
    events = filled([b"12345"])
    assert events.since(events.epoch, 0) is None
    assert events.since(events.epoch, 1) == []
