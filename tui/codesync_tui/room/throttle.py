"""Something that is done not too often: at once if it was not done lately, and surely at last."""

from collections.abc import Callable
from time import monotonic


class Throttle:
    """Does something at most once in a while, however often it is asked for.

    Args:
        callback: does it.
        seconds: the least time between two times.
        call_later: calls a function after so many seconds.
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
        """Have it done: now, or as soon as it may be; what is asked meanwhile is done with it."""
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
