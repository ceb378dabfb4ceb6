"""Token buckets by key: the memory of one rate limit. Pure: the caller supplies the time."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from typing import NamedTuple

SWEEP_SECONDS = 1.0
"""A full table is searched for forgettable buckets at most this often."""

ROUNDING_SECONDS = 1e-6
"""Shorter waits are rounding errors: a client that waits as long as told is not refused again."""


LATER_SECONDS = 1.0
"""Later charges of the same bucket are put together by intervals of this length."""

LATER_MAX = 256
"""Intervals with later charges that a bucket remembers: about 4 minutes. What is charged beyond
joins the last one. This bounds the memory of a bucket, and the time that a charge takes."""


class Rate(NamedTuple):
    """How much may be spent.

    Attributes:
        burst: the most that may be spent at once.
        per_second: how much may be spent for each second that passes, above 0.
    """

    burst: float
    per_second: float

    def times(self, factor: float) -> "Rate":
        """Return the rate of so many clients together."""
        return Rate(self.burst * factor, self.per_second * factor)


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: float
    moments: list[float] = field(default_factory=list[float])  # of later charges, ascending
    costs: list[float] = field(default_factory=list[float])  # the charge of each moment


class TokenBuckets:
    """Token buckets with one rate, one per key.

    Only full buckets are forgotten, because a forgotten bucket counts as full: a client cannot
    refill its bucket by creating keys. When the table is full, all new keys share one bucket.

    Args:
        rate: burst and refill of each bucket.
        keys_max: the most buckets that are remembered.
    """

    def __init__(self, rate: Rate, *, keys_max: int = 10_000) -> None:
        self.rate = rate
        self._keys_max = keys_max
        self._buckets: dict[str, _Bucket] = {}
        self._overflow = _Bucket(rate.burst, 0.0)
        self._swept_at = float("-inf")

    def __len__(self) -> int:
        """Return the number of remembered buckets."""
        return len(self._buckets)

    def wait(self, key: str, now: float, cost: float = 1.0) -> float:
        """Return the seconds until `cost` may be spent, 0 if it may be spent now.

        A cost above the burst needs a full bucket. Nothing is spent.

        Args:
            key: identity.
            now: seconds of a monotonic clock.
            cost: tokens.
        """
        bucket = self._find(key, now)
        if bucket is None:
            return 0.0
        seconds = (min(cost, self.rate.burst) - self._tokens(bucket, now)) / self.rate.per_second
        return seconds if seconds > ROUNDING_SECONDS else 0.0

    def spend(self, key: str, now: float, cost: float = 1.0) -> float:
        """Spend unconditionally; a bucket can go into debt.

        Args:
            key: identity.
            now: seconds of a monotonic clock.
            cost: tokens.

        Returns:
            The seconds until the debt is paid, 0 if there is none.
        """
        bucket = self._make(key, now)
        bucket.tokens = self._tokens(bucket, now) - cost
        bucket.filled_at = max(bucket.filled_at, now)
        return max(0.0, -bucket.tokens / self.rate.per_second)

    def spend_later(self, key: str, now: float, at: float, cost: float) -> float:
        """Spend at a moment in the future; until then the bucket is as full for others as before.

        Args:
            key: identity.
            now: seconds of a monotonic clock.
            at: the moment, on the same clock.
            cost: tokens.

        Returns:
            The seconds from that moment until the debt is paid that there will be, 0 if none.
        """
        bucket = self._make(key, now)
        tokens, filled_at = self._tokens(bucket, now), max(bucket.filled_at, now)
        due = bisect_right(bucket.moments, at)
        for moment, charge in zip(bucket.moments[:due], bucket.costs[:due], strict=True):
            tokens, filled_at = self._filled(tokens, moment - filled_at) - charge, moment
        tokens = self._filled(tokens, at - filled_at) - cost
        self._add_later(bucket, (at // LATER_SECONDS + 1) * LATER_SECONDS, cost)
        return max(0.0, -tokens / self.rate.per_second)

    def allow(self, key: str, now: float, cost: float = 1.0) -> bool:
        """Spend if that is possible now; return whether it was."""
        if self.wait(key, now, cost):
            return False
        self.spend(key, now, cost)
        return True

    def _make(self, key: str, now: float) -> _Bucket:
        bucket = self._find(key, now)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket(self.rate.burst, now)
        return bucket

    def _add_later(self, bucket: _Bucket, moment: float, cost: float) -> None:
        place = bisect_left(bucket.moments, moment)
        is_known = bucket.moments[place : place + 1] == [moment]
        if not is_known and len(bucket.moments) >= LATER_MAX:
            place, is_known = min(place, LATER_MAX - 1), True
        if is_known:
            bucket.costs[place] += cost
        else:
            bucket.moments.insert(place, moment)
            bucket.costs.insert(place, cost)

    def _tokens(self, bucket: _Bucket, now: float) -> float:
        """Return the tokens of a bucket, after the charges that are due."""
        if bucket.moments and (due := bisect_right(bucket.moments, now)):
            for moment, cost in zip(bucket.moments[:due], bucket.costs[:due], strict=True):
                bucket.tokens = self._filled(bucket.tokens, moment - bucket.filled_at) - cost
                bucket.filled_at = max(bucket.filled_at, moment)
            del bucket.moments[:due], bucket.costs[:due]
        return self._filled(bucket.tokens, now - bucket.filled_at)

    def _filled(self, tokens: float, seconds: float) -> float:
        return min(self.rate.burst, tokens + max(0.0, seconds) * self.rate.per_second)

    def _find(self, key: str, now: float) -> _Bucket | None:
        """Return the bucket of a key, or None if it is full and there is room to remember it."""
        bucket = self._buckets.get(key)
        if bucket is not None or len(self._buckets) < self._keys_max:
            return bucket
        self._forget_full(now)
        return None if len(self._buckets) < self._keys_max else self._overflow

    def _forget_full(self, now: float) -> None:
        if now - self._swept_at < SWEEP_SECONDS:
            return
        self._swept_at = now
        self._buckets = {
            key: bucket
            for key, bucket in self._buckets.items()
            if self._tokens(bucket, now) < self.rate.burst or bucket.moments
        }
