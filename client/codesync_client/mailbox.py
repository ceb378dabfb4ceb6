"""The bounded box between the connection and whoever reads the room's events."""

import asyncio
from collections import deque

from codesync_client.events import JobOutput, OutputSkipped, RoomEvent

OUTPUT_BYTES_MAX = 4 * 1024 * 1024
"""Unread output in one mailbox; past that, output is not taken in."""

EVENTS_MAX = 20_000
"""Unread events of any kind; a server that sends more to a reader that stands still is left."""


class MailboxFull(Exception):
    """Too many unread events."""


class Mailbox:
    """Events on their way to one reader.

    The connection never waits for the reader: it must go on to read answers and to answer pings.
    """

    def __init__(self) -> None:
        self._events: deque[RoomEvent] = deque()
        self._bytes = 0
        self._ready = asyncio.Event()
        self._closed = False

    @property
    def congested(self) -> bool:
        """Whether output should be left out (and fetched later) until the reader catches up."""
        return self._bytes > OUTPUT_BYTES_MAX

    def put(self, event: RoomEvent) -> None:
        """Add an event; holes in the same job that touch become one.

        Raises:
            MailboxFull: EVENTS_MAX events are unread.
        """
        last = self._events[-1] if self._events else None
        match last, event:
            case OutputSkipped(job=job, offset=start, count=count), OutputSkipped() if (
                event.job == job and event.offset == start + count
            ):
                self._events[-1] = OutputSkipped(job, start, count + event.count)
                return
            case _:
                pass
        if len(self._events) >= EVENTS_MAX:
            raise MailboxFull
        if isinstance(event, JobOutput):
            self._bytes += len(event.data)
        self._events.append(event)
        self._ready.set()

    def close(self) -> None:
        """No more events will come; the reader gets what is there."""
        self._closed = True
        self._ready.set()

    async def get(self) -> RoomEvent | None:
        """Wait for the next event; None when there will be none."""
        while not self._events:
            if self._closed:
                return None
            self._ready.clear()
            await self._ready.wait()
        event = self._events.popleft()
        if isinstance(event, JobOutput):
            self._bytes -= len(event.data)
        return event
