"""Invariants of token buckets: limits on spending, and on memory."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesync_server.access.token_buckets import LATER_MAX, SWEEP_SECONDS, Rate, TokenBuckets

RATE = Rate(burst=3, per_second=0.5)

waits = st.lists(st.floats(0.0, 20.0, allow_nan=False), min_size=1, max_size=60)
spendings = st.lists(st.tuples(st.floats(0.0, 20.0), st.floats(0.1, 5.0)), min_size=1, max_size=60)


@pytest.fixture
def buckets() -> TokenBuckets:
    return TokenBuckets(RATE)


def tries(buckets: TokenBuckets, key: str, times: int, now: float = 0.0) -> list[bool]:
    return [buckets.allow(key, now) for _ in range(times)]


# Allowing.


def test_after_a_burst_spending_is_refused(buckets: TokenBuckets) -> None:
    assert tries(buckets, "eve", 5) == [True, True, True, False, False]


def test_tokens_return_at_the_rate(buckets: TokenBuckets) -> None:
    tries(buckets, "eve", 3)
    assert tries(buckets, "eve", 2, now=1.9) == [False, False]
    assert tries(buckets, "eve", 2, now=2.0) == [True, False]


def test_a_bucket_holds_no_more_than_its_burst(buckets: TokenBuckets) -> None:
    tries(buckets, "eve", 3)
    assert tries(buckets, "eve", 4, now=1e9) == [True, True, True, False]


def test_refused_attempts_cost_nothing(buckets: TokenBuckets) -> None:
    tries(buckets, "eve", 1000)
    assert buckets.allow("eve", 2.0)


def test_keys_do_not_affect_each_other(buckets: TokenBuckets) -> None:
    tries(buckets, "eve", 1000)
    assert tries(buckets, "ana", 4) == [True, True, True, False]


def test_wait_spends_nothing(buckets: TokenBuckets) -> None:
    assert {buckets.wait("ana", 0.0) for _ in range(1000)} == {0.0}
    assert tries(buckets, "ana", 3) == [True, True, True]
    assert buckets.wait("ana", 0.0) == 2.0
    assert buckets.wait("ana", 2.0) == 0.0


def test_f31_a_clock_that_goes_back_neither_gives_nor_takes_tokens(buckets: TokenBuckets) -> None:
    tries(buckets, "eve", 3, now=100.0)
    assert not buckets.allow("eve", 0.0)
    assert tries(buckets, "eve", 2, now=102.0) == [True, False]


@given(spendings)
def test_no_key_spends_more_than_its_burst_and_its_rate_allow(
    spendings: list[tuple[float, float]],
) -> None:
    buckets, now, spent, largest = TokenBuckets(RATE), 0.0, 0.0, RATE.burst
    for wait, cost in spendings:
        now += wait
        largest = max(largest, cost)
        if buckets.allow("eve", now, cost):
            spent += cost
        assert spent <= largest + now * RATE.per_second + 1e-3


@given(waits)
def test_a_key_that_keeps_to_the_rate_is_never_refused(waits: list[float]) -> None:
    buckets, now = TokenBuckets(RATE), 0.0
    for wait in waits:
        now += wait + 1 / RATE.per_second
        assert buckets.allow("ana", now)


@given(spendings)
def test_a_key_that_waits_as_long_as_told_is_not_refused(
    spendings: list[tuple[float, float]],
) -> None:
    buckets, now = TokenBuckets(RATE), 0.0
    for wait, cost in spendings:
        now += wait
        now += buckets.wait("ana", now, cost)
        assert buckets.allow("ana", now, cost), "a cost above the burst is admissible as well"


# Slowing down.


def test_debt_is_paid_one_spending_after_the_other(buckets: TokenBuckets) -> None:
    assert [buckets.spend("eve", 0.0) for _ in range(6)] == [0.0, 0.0, 0.0, 2.0, 4.0, 6.0]
    assert buckets.spend("ana", 0.0) == 0.0


@given(waits)
def test_a_key_that_pays_its_debt_first_is_as_fast_as_the_rate(waits: list[float]) -> None:
    buckets, now = TokenBuckets(RATE), 0.0
    for count, wait in enumerate(waits, 1):
        now += wait
        now += buckets.spend("eve", now)
        assert count <= RATE.burst + now * RATE.per_second + 1e-6


# Remembering.


def test_a41_the_number_of_remembered_keys_is_bounded_and_a_spent_bucket_is_not_forgotten() -> None:
    buckets = TokenBuckets(RATE, keys_max=10)
    tries(buckets, "eve", 3)
    for number in range(1000):
        buckets.allow(f"address {number}", 0.0)
        assert not buckets.allow("eve", 0.0), "creating keys must not refill a bucket"
        assert len(buckets) <= 10


def test_when_the_table_is_full_new_keys_share_one_bucket() -> None:
    buckets = TokenBuckets(RATE, keys_max=10)
    for number in range(10):
        buckets.allow(f"key {number}", 0.0)
    assert sum(buckets.allow(f"new key {number}", 0.0) for number in range(1000)) == RATE.burst
    assert tries(buckets, "key 0", 3) == [True, True, False], "known keys keep their own"


def test_full_buckets_make_room_for_new_keys() -> None:
    buckets = TokenBuckets(RATE, keys_max=10)
    for number in range(10):
        tries(buckets, f"key {number}", 1 if number else 3)
    later = SWEEP_SECONDS + 1 / RATE.per_second
    assert tries(buckets, "new", 4, now=later) == [True, True, True, False]
    assert len(buckets) == 2, "only the bucket that is not full yet, and the new one"
    assert tries(buckets, "key 0", 3, now=later) == [True, False, False]


@given(st.lists(st.tuples(st.floats(0.0, 3.0), st.integers(0, 30)), min_size=1, max_size=200))
def test_creating_keys_never_gives_any_of_them_more_than_the_overflow_and_its_own(
    attempts: list[tuple[float, int]],
) -> None:
    buckets, now = TokenBuckets(RATE, keys_max=5), 0.0
    spent: dict[int, int] = {}
    for wait, key in attempts:
        now += wait
        spent[key] = spent.get(key, 0) + buckets.allow(f"key {key}", now)
        assert len(buckets) <= 5
        assert spent[key] <= 2 * (RATE.burst + now * RATE.per_second) + 1e-6


def test_h11_later_charges_leave_a_bucket_as_full_as_before_until_they_are_due() -> None:
    buckets = TokenBuckets(Rate(4, 1.0))
    assert buckets.spend_later("eve", 0.0, 10.5, 6) == 2.0, "6 of the 4 that there will be"
    assert not buckets.wait("eve", 10.5, 4)
    assert buckets.wait("eve", 11.0, 4) == 6.0
    assert buckets.spend_later("eve", 11.0, 12.0, 0.5) == 1.5, "and it owes 1 at that moment"


def test_h11_a_bucket_remembers_a_bounded_number_of_later_charges() -> None:
    buckets = TokenBuckets(Rate(1, 1.0))
    for second in range(3 * LATER_MAX):
        buckets.spend_later("eve", 0.0, float(second), 1)
    (bucket,) = vars(buckets)["_buckets"].values()
    assert len(bucket.moments) == len(bucket.costs) == LATER_MAX
    assert sum(bucket.costs) == 3 * LATER_MAX, "nothing is lost"
