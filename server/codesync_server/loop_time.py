"""Time limits that count only the time in which the event loop ran.

Whoever waits for another thread or process must not take the loop's own delay for theirs: after
the loop was blocked for 5 s, a limit of 5 s has passed although the answer has long been there.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

STEPS = 20
"""A limit is waited for in so many steps; a blocked loop makes one of them longer."""


class LoopTimer:
    """Calls a function once the event loop has run for some time.

    Args:
        seconds: that time.
        callback: called once, unless the timer is cancelled before.
    """

    def __init__(self, seconds: float, callback: Callable[[], None]) -> None:
        self._step = seconds / STEPS
        self._callback = callback
        self._left = STEPS
        self._handle = asyncio.get_running_loop().call_later(self._step, self._tick)

    def cancel(self) -> None:
        """Never call the function, unless it was called already."""
        self._handle.cancel()

    def _tick(self) -> None:
        self._left -= 1
        if self._left:
            self._handle = asyncio.get_running_loop().call_later(self._step, self._tick)
        else:
            self._callback()


@asynccontextmanager
async def loop_timeout(seconds: float) -> AsyncGenerator[None]:
    """Limit the time of a block, like `asyncio.timeout`, to seconds in which the loop runs.

    Args:
        seconds: the limit.

    Raises:
        TimeoutError: the limit is over.
    """
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(None) as deadline:
        timer = LoopTimer(seconds, lambda: deadline.reschedule(loop.time()))
        try:
            yield
        finally:
            timer.cancel()
