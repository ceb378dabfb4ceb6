"""Attempts to come back grow rarer, and many clients do not come back at once."""

from itertools import islice

from codesync_client.backoff import FIRST_SECONDS, LAST_SECONDS, delays


def test_delays_grow_to_their_bound_and_stay_there() -> None:
    bound = FIRST_SECONDS
    for delay in islice(delays(), 30):
        assert bound / 2 <= delay <= bound
        bound = min(2 * bound, LAST_SECONDS)
    assert bound == LAST_SECONDS


def test_a_short_break_is_over_soon() -> None:
    assert sum(islice(delays(), 3)) < 2.0


def test_clients_of_one_server_come_apart() -> None:
    firsts = sorted(next(delays()) for _ in range(500))
    # 500 clients over half of the first delay: no tenth of it gets more than a third of them.
    tenth = FIRST_SECONDS / 20
    busiest = max(sum(1 for f in firsts if at <= f < at + tenth) for at in firsts)
    assert busiest < 500 / 3
