"""Joins many writes to few events: the first byte at once, the rest about every 16 ms.

The interval is longer in a room with many members, and while many programs write.
"""

import asyncio
from collections.abc import Callable

from codesync_protocol.limits import OUTPUT_EVENT_MAX
from codesync_protocol.messages import Stream

INTERVAL_SECONDS = 0.016
PAUSE_MAX = 1.0
"""Seconds; the longest interval."""

CHANGES_MAX = 8
"""How often the stream may change within one interval; a program that does it more often gets its
streams sorted within the interval, so that it cannot make an event of every byte."""


class OutputCoalescer:
    """Collects what one job writes.

    Args:
        emit: takes a stream and at most OUTPUT_EVENT_MAX bytes.
        pause: returns the seconds until more output may be sent to the room.
    """

    def __init__(
        self, emit: Callable[[Stream, bytes], None], pause: Callable[[], float] = lambda: 0.0
    ) -> None:
        self._emit = emit
        self._pause = pause
        self._runs: list[tuple[Stream, bytearray]] = []
        self._size = 0
        self._timer: asyncio.TimerHandle | None = None
        self._not_before = 0.0
        self._paused_for = 0.0

    def write(self, stream: Stream, data: bytes) -> None:
        """Collect output of the job."""
        self._append(stream, data)
        self._size += len(data)
        if self._size >= OUTPUT_EVENT_MAX:
            self.flush()
        elif self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(max(self._not_before, loop.time()), self.flush)

    def _append(self, stream: Stream, data: bytes) -> None:
        if self._runs and self._runs[-1][0] is stream:
            self._runs[-1][1].extend(data)
            return
        if len(self._runs) >= CHANGES_MAX:
            # from the newest run back, which keeps the order within a stream
            for known, collected in reversed(self._runs):
                if known is stream:
                    collected.extend(data)
                    return
        self._runs.append((stream, bytearray(data)))

    def flush_unless_paused(self) -> None:
        """Emit everything now, unless the room must wait for more output."""
        if not self._paused_for or asyncio.get_running_loop().time() >= self._not_before:
            self.flush()

    def flush(self) -> None:
        """Emit everything that was collected."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        runs, self._runs, self._size = self._runs, [], 0
        for stream, data in runs:
            for start in range(0, len(data), OUTPUT_EVENT_MAX):
                self._emit(stream, bytes(data[start : start + OUTPUT_EVENT_MAX]))
        self._paused_for = min(self._pause(), PAUSE_MAX)
        now = asyncio.get_running_loop().time()
        self._not_before = now + max(INTERVAL_SECONDS, self._paused_for)
