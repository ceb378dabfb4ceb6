"""Limits how often a callback runs: immediately at first, then once every n seconds."""

from collections.abc import Callable
from time import monotonic


class Throttle:
    """Runs a callback immediately, and then at most once every n seconds.

    Args:
        callback: the function to run.
        seconds: the interval between two runs.
        call_later: calls a function after a number of seconds.
        clock: the monotonic clock.
    """

    def __init__(
        self,
        callback: Callable[[], None],
        seconds: float,
        call_later: Callable[[float, Callable[[], None]], object],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._callback = callback
        self._seconds = seconds
        self._call_later = call_later
        self._clock = clock
        self._free_at = clock()
        self._waits = False

    def request(self) -> None:
        """Run the callback now, or once as soon as the interval has passed."""
        if self._waits:
            return
        rest = self._free_at - self._clock()
        if rest <= 0:
            self._run()
        else:
            self._waits = True
            self._call_later(rest, self._run)

    def _run(self) -> None:
        self._waits = False
        self._free_at = self._clock() + self._seconds
        self._callback()
