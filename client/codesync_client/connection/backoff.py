"""Pauses between attempts to connect."""

import random
from collections.abc import Iterator

FIRST_SECONDS = 0.25
LAST_SECONDS = 15.0


def delays() -> Iterator[float]:
    """Yield seconds to wait, growing and jittered, without end.

    "Equal jitter" (AWS Architecture Blog, Exponential Backoff And Jitter): a uniform choice between
    half of the present bound and all of it, so that the clients of a restarted server come apart.
    """
    bound = FIRST_SECONDS
    while True:
        yield random.uniform(bound / 2, bound)
        bound = min(bound * 2, LAST_SECONDS)
