"""Runs slow commands of a member in order, without delaying others."""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Awaitable, Callable

from codesync_protocol.limits import KIB

WAITING_MAX = 64
"""With more, the member's messages wait: they are read no further."""

WAITING_BYTES = 128 * KIB
"""Likewise with more bytes of messages."""

log = logging.getLogger(__name__)

Errand = Callable[[], Awaitable[None]]


class CommandQueue:
    """One member's command_queue: one after the other, in the order in which they came."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[str, Errand, int]] = deque()
        self._waiting_bytes = 0
        self._concerned: Counter[str] = Counter()
        self._changed = asyncio.Condition()
        self._is_ending = False

    @property
    def waiting_bytes(self) -> int:
        """Bytes of the messages that are not done."""
        return self._waiting_bytes

    @property
    def waiting(self) -> int:
        """How many are not done."""
        return len(self._waiting)

    def has_commands_for(self, job: str) -> bool:
        """Tell whether a job has an command that is not done: what is about it comes behind."""
        return self._concerned[job] > 0

    async def put(self, command: Errand, job: str = "", size: int = 0) -> None:
        """Have something done; waits while too much is waiting.

        Args:
            command: does it; raises nothing that anybody should know of.
            job: what it is about, if it is about a job.
            size: bytes that it keeps in memory.
        """
        async with self._changed:
            await self._changed.wait_for(self._has_space)
            self._waiting.append((job, command, size))
            self._waiting_bytes += size
            self._concerned[job] += 1
            self._changed.notify_all()

    async def run(self) -> None:
        """Do them until told to end; one that was begun is done to its end."""
        while True:
            async with self._changed:
                await self._changed.wait_for(lambda: self._waiting or self._is_ending)
                if self._is_ending:
                    return
                job, command, size = self._waiting[0]
            try:
                await command()
            except Exception:
                # One command's bug must not keep the others from being run.
                log.exception("an command failed for a reason that nobody has foreseen")
            async with self._changed:
                self._waiting.popleft()
                self._waiting_bytes -= size
                self._concerned[job] -= 1
                self._concerned += Counter()  # forgets those that are done
                self._changed.notify_all()

    def _has_space(self) -> bool:
        return len(self._waiting) < WAITING_MAX and self._waiting_bytes < WAITING_BYTES

    async def end(self) -> None:
        """Begin no more of them: their member is gone, and asks again when it is back."""
        async with self._changed:
            self._is_ending = True
            self._changed.notify_all()
