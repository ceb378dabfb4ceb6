"""How often somebody may try: token buckets, one a key. Pure: the caller brings the clock."""

from collections import OrderedDict
from dataclasses import dataclass


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: float


class Throttle:
    """Token buckets for many keys.

    Args:
        burst: how many tries at once.
        per_second: how many more for each second that passes.
        keys_max: how many keys are remembered; the one that was not seen for longest is forgotten.
    """

    def __init__(self, burst: float, per_second: float, *, keys_max: int = 10_000) -> None:
        self._burst = burst
        self._per_second = per_second
        self._keys_max = keys_max
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def allow(self, key: str, now: float) -> bool:
        """Use up one try; tell whether there was one.

        Args:
            key: who tries.
            now: seconds of any steady clock.
        """
        bucket = self._filled(key, now)
        if bucket.tokens < 1:
            return False
        bucket.tokens -= 1
        return True

    def delay(self, key: str, now: float, cost: float = 1.0) -> float:
        """Use up one try; tell how many seconds to wait before it is made.

        Args:
            key: who tries.
            now: seconds of any steady clock.
            cost: how many tries it counts for.
        """
        bucket = self._filled(key, now)
        bucket.tokens -= cost
        return max(0.0, -bucket.tokens / self._per_second)

    def is_exhausted(self, key: str, now: float) -> bool:
        """Tell whether a try would be refused, without using one up."""
        return self._filled(key, now).tokens < 1

    def _filled(self, key: str, now: float) -> _Bucket:
        bucket = self._buckets.pop(key, None) or _Bucket(self._burst, now)
        elapsed = max(0.0, now - bucket.filled_at)
        bucket.tokens = min(self._burst, bucket.tokens + elapsed * self._per_second)
        bucket.filled_at = now
        self._buckets[key] = bucket
        while len(self._buckets) > self._keys_max:
            self._buckets.popitem(last=False)
        return bucket
