"""Lets rooms read from the store by turns, one query at a time."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager


class ReadTurns:
    """A lock that rooms get by turns.

    Many or expensive queries of one room delay each query of another room by at most one query.
    Opening a room needs no turn: it waits for at most one query as well.
    """

    def __init__(self) -> None:
        self._is_taken = False
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def turn(self, room: str) -> AsyncGenerator[None]:
        """Wait for a turn of a room, and hold it while the block runs."""
        if self._is_taken:
            await self._wait(room)
        self._is_taken = True
        try:
            yield
        finally:
            self._pass_on()

    async def _wait(self, room: str) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(room, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._pass_on()  # the turn came at the moment of the cancellation
            raise

    def _pass_on(self) -> None:
        """Give the turn to the room that has waited for longest since its last turn."""
        while self._waiting:
            room, queue = self._waiting.popitem(last=False)
            turn = queue.popleft()
            if queue:
                self._waiting[room] = queue  # behind the other rooms
            if not turn.done():
                turn.set_result(None)
                return
        self._is_taken = False
