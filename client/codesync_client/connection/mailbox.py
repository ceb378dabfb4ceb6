"""The bounded buffer between the connection and the reader of the room's events."""

import asyncio
from collections import OrderedDict
from itertools import count

import msgspec

from codesync_client.events import Connected, JobOutput, OutputSkipped, RoomEvent
from codesync_protocol.codec import encoded_size
from codesync_protocol.messages import Members, Queue

OUTPUT_BYTES_MAX = 4 * 1024 * 1024
"""Unread output in one mailbox; more output is skipped."""

EVENTS_MAX = 20_000
"""Unread events of any type; a server that sends more to a stopped reader is left."""

BYTES_MAX = 32 * 1024 * 1024
"""All unread events together, including output; a server that sends more is left, too."""

ENTRY_BYTES = 200
"""Memory of an event besides its content."""


class MailboxFull(Exception):
    """The mailbox has too many unread events, or too many bytes."""


class Mailbox:
    """Events on their way to one reader.

    The connection never waits for the reader: it must go on to read answers and to answer pings.
    """

    def __init__(self) -> None:
        self._events: OrderedDict[int, tuple[RoomEvent, int]] = OrderedDict()  # with their sizes
        self._numbers = count()
        self._last = -1
        self._states: dict[type[RoomEvent], int] = {}  # numbers of the unread states
        self._bytes = 0
        self._output_bytes = 0
        self._ready = asyncio.Event()
        self._closed = False

    @property
    def congested(self) -> bool:
        """Whether output should be skipped, and fetched later, until the reader catches up."""
        return self._output_bytes > OUTPUT_BYTES_MAX

    def put(self, event: RoomEvent) -> None:
        """Add an event; adjacent gaps of one job are joined.

        A list of members or a queue takes the place of an unread one: only the latest counts.

        Raises:
            MailboxFull: EVENTS_MAX events or BYTES_MAX bytes are unread.
        """
        last = self._events[self._last][0] if self._last in self._events else None
        match last, event:
            case OutputSkipped(job=job, offset=start, count=skipped), OutputSkipped() if (
                event.job == job and event.offset == start + skipped
            ):
                joined = OutputSkipped(job, start, skipped + event.count)
                self._events[self._last] = joined, ENTRY_BYTES
                return
            case _, Members() | Queue():
                self._remove_state(type(event))
            case _:
                pass
        size = _size(event)
        if len(self._events) >= EVENTS_MAX or self._bytes + size > BYTES_MAX:
            raise MailboxFull
        self._last = next(self._numbers)
        self._events[self._last] = event, size
        self._bytes += size
        if isinstance(event, JobOutput):
            self._output_bytes += len(event.data)
        elif isinstance(event, Members | Queue):
            self._states[type(event)] = self._last
        self._ready.set()

    def _remove_state(self, kind: type[RoomEvent]) -> None:
        number = self._states.pop(kind, None)
        if number is not None:
            self._bytes -= self._events.pop(number)[1]

    def close(self) -> None:
        """End the mailbox; the reader still gets the present events."""
        self._closed = True
        self._ready.set()

    async def get(self) -> RoomEvent | None:
        """Wait for the next event; None after the end."""
        while not self._events:
            if self._closed:
                return None
            self._ready.clear()
            await self._ready.wait()
        _, (event, size) = self._events.popitem(last=False)
        self._bytes -= size
        if isinstance(event, JobOutput):
            self._output_bytes -= len(event.data)
        elif isinstance(event, Members | Queue):
            del self._states[type(event)]
        return event


def _size(event: RoomEvent) -> int:
    """Estimate the bytes that an event keeps in memory."""
    match event:
        case JobOutput(data=data):
            return ENTRY_BYTES + len(data)
        case Connected(welcome=welcome):
            return ENTRY_BYTES + encoded_size(welcome)
        case msgspec.Struct():
            return ENTRY_BYTES + encoded_size(event)
        case _:
            return ENTRY_BYTES
