"""Data that waits for one client: bounded in bytes, in classes, and without blocking others.

Order: replies and states first, then events in their order, in turns with bulk. Output that a slow
client cannot take is left out: the client sees the hole by the offsets, and may fetch it. So is
output that has waited for long when something urgent comes: people's edits do not stand behind it.

All outboxes share the server's memory for them (`MemoryByOwner`): beyond its limit, the largest of
the heaviest owner gives way, first by leaving out output.

What nothing stands before is sent at once: to wake a task for each frame costs as much again.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from time import monotonic
from typing import NamedTuple

from codesync_server.access.memory_by_owner import SHARED_ENTRY_BYTES, MemoryByOwner
from codesync_server.access.payer import Payer

OUTPUT_BYTES_MAX = 1024 * 1024
"""Events that wait; past that, output is left out."""

LATE_SECONDS = 0.25
"""Output that has waited so long makes way for what is urgent."""

BYTES_MAX = 4 * 1024 * 1024
"""Everything that waits; past that, the client is let go."""

BULK_MAX = 64
"""Bulk answers that wait; they are made only when they are sent."""


class _Event(NamedTuple):
    frame: bytes
    may_skip: bool


class _Bulk(NamedTuple):
    make: Callable[[], bytes | None]
    size: int
    source: bytes


def _size(frames: Iterable[bytes]) -> int:
    """Bytes of frames, and of what each costs besides."""
    return sum(len(frame) + SHARED_ENTRY_BYTES for frame in frames)


def _cannot_send(_: bytes) -> bool:
    return False


def _not_connected() -> None:
    pass


class Outbox:
    """The channel of one connection.

    Args:
        clock: the monotonic clock.
        send_now: sends a frame, if the client has taken all before it; tells whether it did.
        memory: the memory of all outboxes; release it with `release`.
        abort: ends the connection at once, whatever waits in the transport.

    Attributes:
        overflowed: the client is to be let go: it does not take what cannot be left out.
        closing: why the connection is to end; empty while it is not.
        skipped: bytes of output that were left out so far.
        in_flight: bytes that were taken from here, and wait in the transport.
    """

    def __init__(
        self,
        clock: Callable[[], float] = monotonic,
        send_now: Callable[[bytes], bool] = _cannot_send,
        memory: MemoryByOwner | None = None,
        abort: Callable[[], None] = _not_connected,
    ) -> None:
        self.overflowed = False
        self.closing = ""
        self.skipped = 0
        self.in_flight = 0
        self._abort = abort
        self._memory = (memory or MemoryByOwner()).account(self._free)
        self._replies: deque[bytes] = deque()
        self._states: dict[str, deque[bytes]] = {}
        self._clock = clock
        self._send_now = send_now
        self._events: deque[_Event] = deque()
        self._skippable_since: deque[float] = deque()  # of the events that may be left out
        self._bulk: list[_Bulk] = []  # smaller than a deque while empty
        self._bulk_turn = False
        self._reply_bytes = 0
        self._event_bytes = 0
        self._state_bytes = 0
        self._filled = asyncio.Event()
        self._is_waited_for = False

    def assign(self, payer: Payer) -> None:
        """Name the identities whose data waits here, before there is any."""
        self._memory.assign(payer)

    def put_first(self, *frames: bytes) -> None:
        """Send something before everything that waits: the welcome with its parts, in order."""
        if self.overflowed:
            return
        self._replies.extendleft(reversed(frames))
        self._hold(*frames)
        self._reply_bytes += sum(map(len, frames))
        self._memory.make_room()
        self._filled.set()

    def put_reply(self, frame: bytes) -> None:
        """Send an answer."""
        if self._sent_at_once(frame):
            return
        self._replies.append(frame)
        self._hold(frame)
        self._reply_bytes += len(frame)
        self._check()

    def put_state(
        self, kind: str, *frames: bytes, whole: Callable[[], Sequence[bytes]] | None = None
    ) -> None:
        """Send a state; an older one of its kind, or what is unsent of its pages, is replaced.

        Args:
            kind: what it is the state of.
            frames: its pages in order.
            whole: returns the pages to replace an older one with, if they are not `frames`.
        """
        waiting = deque(frames)
        while waiting and self._sent_at_once(waiting[0]):
            waiting.popleft()
        if waiting:
            older = self._states.pop(kind, ())
            if older and whole is not None:
                waiting = deque(whole())
            self._drop(*older)
            self._states[kind] = waiting
            self._hold(*waiting)
            self._state_bytes += _size(waiting) - _size(older)
            self._check()

    def put_event(self, frame: bytes, *, may_skip: bool = False, urgent: bool = False) -> None:
        """Send an event, behind those before it, unless it may be skipped and must be."""
        if self._sent_at_once(frame):
            return
        if may_skip and self._event_bytes > OUTPUT_BYTES_MAX:
            self.skipped += len(frame)
            return
        if urgent and self._skippable_since:
            self._make_room()
        if may_skip:
            self._skippable_since.append(self._clock())
        self._events.append(_Event(frame, may_skip))
        self._hold(frame)
        self._event_bytes += len(frame)
        self._check()

    def _make_room(self) -> None:
        """Leave out what may be, if some of it has waited for too long."""
        if self._clock() - self._skippable_since[0] >= LATE_SECONDS:
            self._skip_output()

    def _skip_output(self) -> None:
        self._skippable_since.clear()
        for frame in [each.frame for each in self._events if each.may_skip]:
            self.skipped += len(frame)
            self._event_bytes -= len(frame)
            self._drop(frame)
        self._events = deque(each for each in self._events if not each.may_skip)

    def put_bulk(
        self, make: Callable[[], bytes | None], size: int = 0, source: bytes = b""
    ) -> bool:
        """Send something large when its turn comes.

        Args:
            make: makes the frame at that time; returns None if it is not wanted any more.
            size: bytes that `make` keeps in memory for this client alone.
            source: bytes that `make` keeps in memory, possibly for several clients: they count
                once, like a frame that waits in several outboxes.

        Returns:
            Whether there is a place for it.
        """
        if len(self._bulk) >= BULK_MAX or self.overflowed:
            return False
        self._bulk.append(_Bulk(make, size, source))
        self._memory.adjust(size)
        if source:
            self._hold(source)
        self._check()
        return True

    def close(self, reason: str) -> None:
        """End the connection when what waits now has been sent."""
        self.closing = self.closing or reason
        self._filled.set()

    def cut(self, last: bytes, reason: str) -> None:
        """End the connection with a last word; nothing else of what waits is sent."""
        if self.overflowed:
            return
        self._clear()
        self._replies.append(last)
        self._hold(last)
        self._reply_bytes = len(last)
        self.closing = reason
        self._check()

    def set_in_flight(self, size: int) -> None:
        """Count what waits in the transport: bytes of the frames that were taken from here."""
        if self.overflowed:
            return
        self._memory.adjust(size - self.in_flight)
        self.in_flight = size
        self._memory.make_room()

    def _free(self) -> None:
        """Leave out output, or everything if there is none; then the client is disconnected."""
        if self._skippable_since:
            self._skip_output()
            return
        self._overflow()
        self._abort()

    def _overflow(self) -> None:
        """Give everything up, and take nothing more."""
        self._clear()
        self._memory.adjust(-self.in_flight)
        self.in_flight = 0
        self.overflowed = True
        self._filled.set()

    def release(self) -> None:
        """Give the memory back: the connection has ended."""
        self._overflow()
        self._memory.close()
        # No reference cycles: then it is freed without the garbage collector.
        self._memory.free = self._abort = _not_connected
        self._send_now = _cannot_send

    def _clear(self) -> None:
        self._drop(*self._replies, *(each.frame for each in self._events))
        for frames in self._states.values():
            self._drop(*frames)
        for bulk in self._bulk:
            self._release_bulk(bulk)
        for waiting in (self._replies, self._states, self._events, self._bulk):
            waiting.clear()
        self._skippable_since.clear()
        self._event_bytes = self._reply_bytes = self._state_bytes = 0

    def _hold(self, *frames: bytes) -> None:
        for frame in frames:
            self._memory.hold(frame)

    def _drop(self, *frames: bytes) -> None:
        for frame in frames:
            self._memory.drop(frame)

    def _release_bulk(self, bulk: _Bulk) -> None:
        self._memory.adjust(-bulk.size)
        if bulk.source:
            self._drop(bulk.source)

    def _check(self) -> None:
        if self._reply_bytes + self._event_bytes + self._state_bytes > BYTES_MAX:
            self._overflow()
        self._memory.make_room()
        self._filled.set()

    async def next_frame(self) -> bytes | None:
        """Wait for the next frame to send; None when the connection is to end."""
        while True:
            if self.overflowed:
                return None
            if (frame := self._dequeue()) is not None:
                return frame
            if self.closing:
                return None
            self._filled.clear()
            self._is_waited_for = True
            try:
                await self._filled.wait()
            finally:
                self._is_waited_for = False

    def _sent_at_once(self, frame: bytes) -> bool:
        if self.overflowed:
            return True  # nobody gets it any more
        return self._is_waited_for and not self._filled.is_set() and self._send_now(frame)

    def _dequeue(self) -> bytes | None:
        if self._replies:
            frame = self._replies.popleft()
            self._drop(frame)
            self._reply_bytes -= len(frame)
            return frame
        if self._states:
            return self._dequeue_state()
        while self._bulk and (self._bulk_turn or not self._events):
            bulk = self._bulk.pop(0)
            self._release_bulk(bulk)
            made = bulk.make()  # may put the next part of the same source
            if made is not None:
                self._bulk_turn = False
                return made
        if self._events:
            self._bulk_turn = True
            frame, may_skip = self._events.popleft()
            self._drop(frame)
            self._event_bytes -= len(frame)
            if may_skip:
                self._skippable_since.popleft()
            return frame
        return None

    def _dequeue_state(self) -> bytes:
        kind = next(iter(self._states))
        frames = self._states[kind]
        frame = frames.popleft()
        self._drop(frame)
        self._state_bytes -= len(frame) + SHARED_ENTRY_BYTES
        if not frames:
            del self._states[kind]
        return frame
