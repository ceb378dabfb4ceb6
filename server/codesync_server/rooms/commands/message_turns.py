"""Limits the messages per turn of the event loop, fairly among rooms.

Each member pays for its messages, but many members may have paid for many expensive ones: handled
in one go, they would delay everything else for as long as they take together.
"""

import asyncio
import time
from collections.abc import Callable
from heapq import heappop, heappush

TURN_SECONDS = 0.005
"""CPU time of messages in one turn of the loop; the first message may exceed it."""

WOKEN_A_TURN = 16
"""Messages that are woken for one turn; those for which there is no time wait for the next turn."""

_Place = tuple[int, int]  # the room's count of messages, and the order of arrival


class MessageTurns:
    """Decides when the next message of a room is handled.

    While no message waits and there is time left, messages are handled immediately. Otherwise rooms
    take turns, with one message each.

    Args:
        seconds: CPU time of messages in one turn of the event loop.
        clock: returns the CPU time of the event loop's thread, in seconds.
    """

    def __init__(
        self, seconds: float = TURN_SECONDS, clock: Callable[[], float] = time.thread_time
    ) -> None:
        self._seconds = seconds
        self._clock = clock
        self._began = 0.0
        self._handled = 0  # in this turn
        self._is_scheduled = False
        self._waiting: list[tuple[_Place, asyncio.Future[None]]] = []
        self._woken = 0
        self._count = 0  # of messages that ever waited
        self._now: int = 0  # the count of messages of a room whose turn it is
        self._last: dict[str, int] = {}  # the same of the last waiting message of each room

    async def wait(self, room: str) -> None:
        """Wait until a message of a room may be handled; it is then handled without a pause."""
        if self._waiting or self._woken or not self._has_time():
            await self._wait(self._place(room))
        if not self._handled:
            self._began = self._clock()
        self._handled += 1
        self._schedule()

    async def _wait(self, place: _Place) -> None:
        while True:
            future = asyncio.get_running_loop().create_future()
            heappush(self._waiting, (place, future))
            self._schedule()
            try:
                await future
            finally:
                if future.done() and not future.cancelled():
                    self._woken -= 1
            if self._has_time():
                self._now = place[0]
                return

    def _place(self, room: str) -> _Place:
        """Return the place of a message: behind the others of its room, level with other rooms."""
        if not self._waiting and not self._woken:
            self._last.clear()
        self._count += 1
        self._last[room] = max(self._last.get(room, 0), self._now) + 1
        return self._last[room], self._count

    def _has_time(self) -> bool:
        return not self._handled or self._clock() - self._began < self._seconds

    def _schedule(self) -> None:
        if not self._is_scheduled:
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self._begin_turn)

    def _begin_turn(self) -> None:
        self._is_scheduled = False
        self._handled = 0
        woken = 0
        while self._waiting and woken < WOKEN_A_TURN:
            _, future = heappop(self._waiting)
            if not future.done():  # its member has left
                future.set_result(None)
                woken += 1
        self._woken += woken
        if self._waiting or self._woken:
            self._schedule()
