"""The log of a room: the latest events in their order. Pure."""

import secrets
from collections import deque
from itertools import islice

from codesync_server.jobs.memory_budget import MemoryBudget

KEPT_BYTES = 2 * 1024 * 1024
KEPT_EVENTS = 20_000

FRAME_BYTES = 48
"""Memory of an event besides its bytes."""


class EventLog:
    """The latest events of one room, encoded.

    Attributes:
        epoch: name of the history that the sequence numbers belong to.
        seq: the number of the last event.
    """

    def __init__(self) -> None:
        self.epoch = secrets.token_hex(8)
        self.seq = 0
        self._frames: deque[bytes] = deque()
        self._bytes = 0
        self._memory: MemoryBudget | None = None

    def account_to(self, memory: MemoryBudget) -> None:
        """Count the stored events in the server's memory budget."""
        self._memory = memory
        self._report()

    def evict(self) -> None:
        """Delete all events. Members that reconnect receive the current state instead."""
        self._frames.clear()
        self._bytes = 0
        self._report()

    @property
    def size(self) -> int:
        """Bytes of memory that the stored events use."""
        return self._bytes + FRAME_BYTES * len(self._frames)

    def _report(self) -> None:
        if self._memory is not None:
            self._memory.report(self, self.size)

    def next_seq(self) -> int:
        """The number that the next event must have."""
        return self.seq + 1

    def append(self, frame: bytes) -> None:
        """Append the event with the number `next_seq()`."""
        self.seq += 1
        self._frames.append(frame)
        self._bytes += len(frame)
        while self._bytes > KEPT_BYTES or len(self._frames) > KEPT_EVENTS:
            self._bytes -= len(self._frames.popleft())
        self._report()

    def since(self, epoch: str, seq: int) -> list[bytes] | None:
        """Return the events that a client missed.

        Args:
            epoch: the history that the client knows.
            seq: the last event that the client received.

        Returns:
            The later events, in order; None if they are not in the log.
        """
        missed = self.seq - seq
        if epoch != self.epoch or not 0 <= missed <= len(self._frames):
            return None
        return list(islice(self._frames, len(self._frames) - missed, None))
