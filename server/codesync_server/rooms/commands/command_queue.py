"""Runs slow commands of a member in order, without delaying others."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable

from codesync_protocol.limits import KIB

WAITING_MAX = 64
"""Maximum number of waiting commands. Above it, no further messages are read."""

WAITING_BYTES = 128 * KIB
"""Maximum bytes of messages that wait. Above it, no further messages are read."""

log = logging.getLogger(__name__)

Command = Callable[[], Awaitable[None]]


class CommandQueue:
    """The slow commands of one member, run in the order in which they arrived."""

    def __init__(self) -> None:
        self._waiting: list[tuple[str, Command, int]] = []  # smaller than a deque while empty
        self._waiting_bytes = 0
        self._concerned: Counter[str] = Counter()
        self._changed = asyncio.Condition()
        self._is_ending = False

    @property
    def waiting_bytes(self) -> int:
        """Bytes of the messages whose commands have not ended."""
        return self._waiting_bytes

    @property
    def waiting(self) -> int:
        """Number of commands that have not ended."""
        return len(self._waiting)

    def has_commands_for(self, job: str) -> bool:
        """Return whether a job has a command that has not ended, so that later ones must wait."""
        return self._concerned[job] > 0

    async def put(self, command: Command, job: str = "", size: int = 0) -> None:
        """Add a command; wait while the queue is full.

        Args:
            command: runs the command, and handles its own errors.
            job: id of the job that it concerns; empty if there is none.
            size: bytes of memory that it holds.
        """
        async with self._changed:
            await self._changed.wait_for(self._has_space)
            self._waiting.append((job, command, size))
            self._waiting_bytes += size
            self._concerned[job] += 1
            self._changed.notify_all()

    async def run(self) -> None:
        """Run commands until `end` is called. A command that has started runs to its end."""
        while True:
            async with self._changed:
                await self._changed.wait_for(lambda: self._waiting or self._is_ending)
                if self._is_ending:
                    return
                job, command, size = self._waiting[0]
            try:
                await command()
            except Exception:
                # A bug in one command must not stop the others.
                log.exception("a command failed with an unexpected error")
            async with self._changed:
                self._waiting.pop(0)
                self._waiting_bytes -= size
                self._concerned[job] -= 1
                self._concerned += Counter()  # drops the commands that have ended
                self._changed.notify_all()

    def _has_space(self) -> bool:
        return len(self._waiting) < WAITING_MAX and self._waiting_bytes < WAITING_BYTES

    async def end(self) -> None:
        """Start no more commands: the member has left, and repeats its requests when it returns."""
        async with self._changed:
            self._is_ending = True
            self._changed.notify_all()
