"""The changes that wait for the store, in the order in which they are written. Pure.

Small changes keep their order. A large change of a job, such as a source of 10 MiB, is written in
a transaction of its own, after the small changes that came before it. Large changes and batches of
small ones alternate, and rooms take turns with large ones. So a small change waits for one large
change at most.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass

from codesync_server.store.changes import (
    AcceptJob,
    AddEdit,
    Change,
    FinishJob,
    SaveText,
    TextChange,
)
from codesync_server.store.records import JobRecord, JobSource

BATCH_MAX = 500
"""Small changes of one transaction."""

BATCH_BYTES = 4 * 1024 * 1024
"""Bytes of the small changes of one transaction; the change that exceeds it is the last one."""

LARGE_BYTES = 256 * 1024
"""A change of a job with more bytes is large."""

_PIECE_BYTES = 16
"""Of a piece of an output, besides its bytes."""


@dataclass(slots=True, eq=False)
class Entry:
    """A waiting change.

    Attributes:
        change: the change.
        accepted: for an AcceptJob: receives the stored record if the id is known, otherwise None.
        written: done when the change is stored, or when nobody should wait for that any longer.
        number: its number in the queue.
    """

    change: Change
    accepted: "asyncio.Future[JobRecord | None] | None" = None
    written: "asyncio.Future[None] | None" = None
    number: int = 0


class WriteQueue:
    """The waiting changes.

    Attributes:
        last_number: the number of the change that was added last.
    """

    def __init__(self) -> None:
        self.last_number = 0
        self._small: deque[Entry] = deque()
        self._large: OrderedDict[str, deque[Entry]] = OrderedDict()  # by room, the next room first
        self._is_turn_of_large = False

    def __bool__(self) -> bool:
        return bool(self._small or self._large)

    def __iter__(self) -> Iterator[Entry]:
        yield from self._small
        for entries in self._large.values():
            yield from entries

    @property
    def first_number(self) -> int | None:
        """The number of the change that waits longest; None if none waits."""
        heads = [entries[0].number for entries in (self._small, *self._large.values()) if entries]
        return min(heads, default=None)

    def put(self, entry: Entry) -> None:
        """Add a change."""
        self.last_number = entry.number = self.last_number + 1
        if isinstance(entry.change, AcceptJob | FinishJob) and size_of(entry.change) > LARGE_BYTES:
            self._large.setdefault(_room_of(entry.change), deque()).append(entry)
        else:
            self._small.append(entry)

    def remove(self, entry: Entry) -> bool:
        """Remove a change; return whether it was waiting."""
        if entry in self._small:
            self._small.remove(entry)
            return True
        for room, entries in self._large.items():
            if entry in entries:
                entries.remove(entry)
                if not entries:
                    del self._large[room]
                return True
        return False

    def remove_room_changes(self) -> None:
        """Remove the changes of rooms; those of jobs stay."""
        jobs = (each for each in self._small if not isinstance(each.change, TextChange))
        self._small = deque(jobs)

    def next_batch(self) -> list[Entry]:
        """Remove the changes of the next transaction; none if none waits."""
        self._is_turn_of_large = not self._is_turn_of_large
        if self._is_turn_of_large and (large := self._next_large()):
            return [large]
        batch: list[Entry] = []
        size = 0
        while self._small and len(batch) < BATCH_MAX and size < BATCH_BYTES:
            batch.append(self._small.popleft())
            size += size_of(batch[-1].change)
        if not batch and (large := self._next_large()):
            batch.append(large)
        return batch

    def _next_large(self) -> Entry | None:
        for room, entries in self._large.items():
            # An earlier small change may concern the same job.
            if not self._small or entries[0].number < self._small[0].number:
                entry = entries.popleft()
                del self._large[room]
                if entries:
                    self._large[room] = entries  # after the other rooms
                return entry
        return None


def size_of(change: Change) -> int:
    """Estimate the bytes that are written for a change."""
    match change:
        case AddEdit(record=edit):
            return len(edit.data)
        case SaveText(state=state):
            return len(state)
        case AcceptJob(packed=packed) if packed is not None:
            return len(packed)
        case AcceptJob(record=job):
            return source_size(job.source)
        case FinishJob(output=output, source=source):
            return sum(len(run.data) + _PIECE_BYTES for run in output) + source_size(source)
        case _:
            return 0


def source_size(source: JobSource | None) -> int:
    """Return the bytes of a source before it is packed; 0 for None."""
    if source is None:
        return 0
    return sum(len(data) for _, data in source.files) + len(source.prepared)


def _room_of(change: AcceptJob | FinishJob) -> str:
    return change.record.room if isinstance(change, AcceptJob) else ""
