"""Attempts to reconnect become rarer, and many clients do not reconnect at once."""

import random
from collections import Counter
from itertools import accumulate, islice, takewhile

from hypothesis import given, settings
from hypothesis import strategies as st

from codesync_client.connection.backoff import FIRST_SECONDS, LAST_SECONDS, delays


def test_delays_grow_to_their_bound_and_stay_there() -> None:
    bound = FIRST_SECONDS
    for delay in islice(delays(), 30):
        assert bound / 2 <= delay <= bound
        bound = min(2 * bound, LAST_SECONDS)
    assert bound == LAST_SECONDS


def test_a_short_break_is_over_soon() -> None:
    assert sum(islice(delays(), 3)) < 2.0


def test_a58_clients_of_one_server_come_apart() -> None:
    firsts = sorted(next(delays()) for _ in range(500))
    # 500 clients over half of the first delay: no tenth of it gets more than a third of them.
    tenth = FIRST_SECONDS / 20
    busiest = max(sum(1 for f in firsts if at <= f < at + tenth) for at in firsts)
    assert busiest < 500 / 3


@settings(max_examples=20)
@given(st.integers())
def test_a58_however_long_a_server_is_away_its_clients_do_not_come_at_once(seed: int) -> None:
    """From the fifth attempt on, 500 clients are far fewer a tenth of a second than at first."""
    random.seed(seed)
    tenths: Counter[int] = Counter()
    for _ in range(500):
        attempts = takewhile(lambda at: at < 90.0, accumulate(delays()))
        tenths.update(int(at * 10) for at in islice(attempts, 4, None))
    assert max(tenths.values()) < 500 / 8
    assert len(tenths) > 500, "in most tenths of the 90 s somebody comes"
