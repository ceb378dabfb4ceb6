"""How often somebody may try: a burst, then so many a second, each key for itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesync_server.access.throttle import Throttle

BURST = 3
PER_SECOND = 0.5

waits = st.lists(st.floats(0.0, 20.0, allow_nan=False), min_size=1, max_size=60)


@pytest.fixture
def throttle() -> Throttle:
    return Throttle(BURST, PER_SECOND)


def tries(throttle: Throttle, key: str, times: int, now: float = 0.0) -> list[bool]:
    return [throttle.allow(key, now) for _ in range(times)]


# Refusing.


def test_after_a_burst_no_more_is_allowed(throttle: Throttle) -> None:
    assert tries(throttle, "eve", 5) == [True, True, True, False, False]


def test_what_is_spent_comes_back_with_time(throttle: Throttle) -> None:
    tries(throttle, "eve", 3)
    assert tries(throttle, "eve", 2, now=1.9) == [False, False]
    assert tries(throttle, "eve", 2, now=2.0) == [True, False]


def test_who_waits_long_has_a_burst_again_and_not_more(throttle: Throttle) -> None:
    tries(throttle, "eve", 3)
    assert tries(throttle, "eve", 4, now=1e9) == [True, True, True, False]


def test_whom_it_refuses_does_not_wait_longer_for_it(throttle: Throttle) -> None:
    tries(throttle, "eve", 1000)
    assert throttle.allow("eve", 2.0)


def test_each_key_is_for_itself(throttle: Throttle) -> None:
    tries(throttle, "eve", 1000)
    assert tries(throttle, "ana", 4) == [True, True, True, False]


def test_to_ask_whether_there_is_a_try_left_uses_none_up(throttle: Throttle) -> None:
    assert not any(throttle.is_exhausted("ana", 0.0) for _ in range(1000))
    assert tries(throttle, "ana", 3) == [True, True, True]
    assert throttle.is_exhausted("ana", 0.0)
    assert not throttle.is_exhausted("ana", 2.0)


def test_f31_a_clock_that_goes_back_gives_nothing_and_takes_nothing(throttle: Throttle) -> None:
    tries(throttle, "eve", 3, now=100.0)
    assert not throttle.allow("eve", 0.0)
    assert throttle.allow("eve", 102.0)


@given(waits)
def test_in_any_time_no_more_is_allowed_than_the_burst_and_its_seconds(waits: list[float]) -> None:
    throttle, now, allowed = Throttle(BURST, PER_SECOND), 0.0, 0
    for wait in waits:
        now += wait
        allowed += throttle.allow("eve", now)
        assert allowed <= BURST + now * PER_SECOND + 1e-6


@given(waits)
def test_who_keeps_to_the_rate_is_never_refused(waits: list[float]) -> None:
    throttle, now = Throttle(BURST, PER_SECOND), 0.0
    for wait in waits:
        now += wait + 1 / PER_SECOND
        assert throttle.allow("ana", now)


# Slowing down.


def test_who_is_slowed_down_waits_for_one_try_after_the_other(throttle: Throttle) -> None:
    assert [throttle.delay("eve", 0.0) for _ in range(6)] == [0.0, 0.0, 0.0, 2.0, 4.0, 6.0]
    assert throttle.delay("ana", 0.0) == 0.0


@given(waits)
def test_who_waits_as_long_as_told_is_as_fast_as_the_rate(waits: list[float]) -> None:
    throttle, now = Throttle(BURST, PER_SECOND), 0.0
    for count, wait in enumerate(waits, 1):
        now += wait
        now += throttle.delay("eve", now)
        assert count <= BURST + now * PER_SECOND + 1e-6


# Remembering.


def test_a41_however_many_addresses_try_only_so_many_are_remembered() -> None:
    throttle = Throttle(BURST, PER_SECOND, keys_max=10)
    tries(throttle, "eve", 3)
    for number in range(1000):
        throttle.allow(f"address {number}", 0.0)
        throttle.is_exhausted(f"another address {number}", 0.0)
        assert throttle.is_exhausted("eve", 0.0), "whoever goes on trying is not forgotten"


def test_who_was_not_seen_for_longest_is_forgotten_first() -> None:
    throttle = Throttle(1, PER_SECOND, keys_max=2)
    throttle.allow("ana", 0.0)
    throttle.allow("ben", 0.0)
    throttle.allow("cyd", 0.0)
    assert throttle.is_exhausted("cyd", 0.0)
    assert throttle.is_exhausted("ben", 0.0)
    assert not throttle.is_exhausted("ana", 0.0)
