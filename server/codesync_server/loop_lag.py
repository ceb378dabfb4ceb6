"""Measures the lag of the event loop, which delays every member."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping

TICK_SECONDS = 0.05
WINDOW_SECONDS = 60.0
ALARM_SECONDS = 0.25
"""A single delay from which on it is logged."""

ALARM_PAUSE_SECONDS = 10.0
"""The log gets at most one line in this time."""

log = logging.getLogger(__name__)


class LoopLag:
    """A timer that measures by how much it is late.

    Args:
        clock: returns the seconds of a monotonic clock; the event loop's by default.
    """

    def __init__(self, clock: Callable[[], float] | None = None) -> None:
        self._clock = clock
        self._lags: deque[float] = deque(maxlen=round(WINDOW_SECONDS / TICK_SECONDS))
        self._alarmed_at = float("-inf")
        self._unlogged = 0

    async def run(self) -> None:
        """Measure until cancelled."""
        clock = self._clock or asyncio.get_running_loop().time
        while True:
            began = clock()
            await asyncio.sleep(TICK_SECONDS)
            self.add(clock() - began - TICK_SECONDS, clock())

    def add(self, lag: float, now: float) -> None:
        """Add a measurement, and log it if it is an alarm.

        Args:
            lag: seconds by which the timer was late.
            now: seconds of a monotonic clock.
        """
        lag = max(0.0, lag)
        self._lags.append(lag)
        if lag < ALARM_SECONDS:
            return
        if now - self._alarmed_at < ALARM_PAUSE_SECONDS:
            self._unlogged += 1
            return
        others = f" ({self._unlogged} more since the last such line)" if self._unlogged else ""
        log.warning("the event loop was blocked for %.0f ms%s", lag * 1000, others)
        self._alarmed_at, self._unlogged = now, 0

    def figures(self) -> Mapping[str, float]:
        """Return the lag of about the last minute, in milliseconds."""
        lags = sorted(self._lags) or [0.0]

        def percentile(share: float) -> float:
            return round(lags[min(len(lags) - 1, int(share * len(lags)))] * 1000, 1)

        return {"p50_ms": percentile(0.5), "p99_ms": percentile(0.99), "max_ms": percentile(1.0)}
