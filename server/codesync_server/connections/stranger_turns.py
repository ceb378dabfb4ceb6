"""Limits the handling of strangers' input, in each turn of the event loop and per second.

Strangers are clients that are not members. Rates of addresses do not limit them: one user of the
machine has all of 127.0.0.0/8, and a thousand requests can arrive at the same moment.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Generator
from types import coroutine
from typing import Any, TypeVar

INPUTS_A_TURN = 4
"""Inputs of strangers in one turn of the loop; then members have theirs. An input is what one
connection has received: it costs up to 0.5 ms, also in the tasks that it wakes."""

SHARE = 0.5
"""CPU time for the input of strangers per time that passes; accepting and closing do not count."""

BURST_SECONDS = 0.002
"""CPU time that strangers may use at once."""

_Result = TypeVar("_Result")


class WaitingInput:
    """Input of a stranger that waits for its turn.

    Args:
        address: its sender's.
        handle: handles it.
        queue: of the address; contains this while it waits.
    """

    def __init__(
        self,
        address: str,
        handle: Callable[[], None],
        queue: "dict[WaitingInput, None]",
    ) -> None:
        self.address = address
        self.handle = handle
        self._queue = queue
        queue[self] = None

    def cancel(self) -> None:
        """Do not handle it: its connection has ended."""
        self._queue.pop(self, None)


class StrangerTurns:
    """Decides when the input of strangers is handled: addresses take turns, with one input each.

    Args:
        cpu_clock: returns the CPU time of the event loop's thread, in seconds.
        clock: returns the seconds of a monotonic clock.
    """

    def __init__(
        self,
        cpu_clock: Callable[[], float] = time.thread_time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._cpu_clock = cpu_clock
        self._clock = clock
        self._seconds = BURST_SECONDS  # CPU time that may be used now; negative is debt
        self._filled_at = clock()
        self._queues: dict[str, dict[WaitingInput, None]] = {}  # the next address first
        self._timer: asyncio.Handle | None = None

    def put(self, address: str, handle: Callable[[], None]) -> WaitingInput:
        """Handle an input when its turn comes.

        Args:
            address: identity of its sender's network address.
            handle: handles the input, within a few hundred microseconds.
        """
        waiting = WaitingInput(address, handle, self._queues.setdefault(address, {}))
        if self._timer is None:
            self._schedule()
        return waiting

    async def metered(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        """Run a coroutine, and charge strangers the CPU time of its steps."""
        return await self._metered(work)

    @coroutine
    def _metered(self, work: Coroutine[Any, Any, _Result]) -> Generator[Any, Any, _Result]:
        sent: Any = None
        error: BaseException | None = None
        while True:
            began = self._cpu_clock()
            try:
                awaited = work.send(sent) if error is None else work.throw(error)
            except StopIteration as end:
                result: _Result = end.value
                return result
            finally:
                self._seconds -= self._cpu_clock() - began
                error = None  # its traceback refers to this frame
            try:
                sent = yield awaited
            except BaseException as thrown:
                error = thrown
            del awaited  # its exception has such a traceback, too

    def _fill(self) -> float:
        """Return the CPU time that strangers may use now."""
        now = self._clock()
        self._seconds = min(BURST_SECONDS, self._seconds + SHARE * (now - self._filled_at))
        self._filled_at = now
        return self._seconds

    def _schedule(self) -> None:
        loop, debt = asyncio.get_running_loop(), -self._fill()
        if debt < 0:
            self._timer = loop.call_soon(self._turn)
        else:
            self._timer = loop.call_later(debt / SHARE, self._turn)

    def _turn(self) -> None:
        self._timer = None
        try:
            for _ in range(INPUTS_A_TURN):
                waiting = self._next() if self._fill() > 0 else None
                if waiting is None:
                    break
                began = self._cpu_clock()
                try:
                    waiting.handle()
                finally:
                    self._seconds -= self._cpu_clock() - began
        finally:
            if self._queues:
                self._schedule()

    def _next(self) -> WaitingInput | None:
        """Take the oldest input of the next address; the address is then the last one."""
        while self._queues:
            address, queue = next(iter(self._queues.items()))
            del self._queues[address]
            if not queue:
                continue  # its connections have ended
            waiting = next(iter(queue))
            waiting.cancel()
            if queue:
                self._queues[address] = queue
            return waiting
        return None
