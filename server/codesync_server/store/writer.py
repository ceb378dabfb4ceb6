"""Writes changes to the store in batches, in the order of `write_queue`.

While the store is away, nothing waits for it, and members are told that changes are not saved.
Changes of jobs are kept until it is back: the queue bounds the number of unfinished jobs, and no
job is accepted meanwhile. Changes of rooms are dropped: when the store is back, rooms are saved as
they are then.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from codesync_server.loop_time import LoopTimer, loop_timeout
from codesync_server.store.changes import AcceptJob, Change, ForgetJob, SaveRoom, TextChange
from codesync_server.store.contract import Store, StoreUnavailable, source_of
from codesync_server.store.packing import pack_source
from codesync_server.store.records import JobRecord
from codesync_server.store.size_limit import StoreSizeLimit
from codesync_server.store.write_queue import LARGE_BYTES, Entry, WriteQueue, size_of, source_size

PATIENCE_SECONDS = 1.0
"""Seconds that a batch may take before the store counts as away."""

BYTES_A_SECOND = 8 * 1024 * 1024
"""A batch may take a second more for so many bytes."""

ACCEPT_SECONDS = 5.0
"""How long a submission waits for the store before it is refused."""

RETRY_SECONDS = (0.1, 5.0)
"""Between two tries while the store is away: the first pause, and the longest."""

log = logging.getLogger(__name__)


class DuplicateJob(Exception):
    """A job's id is known already.

    Attributes:
        record: the job that has it, without its source.
    """

    def __init__(self, record: JobRecord) -> None:
        super().__init__(record.id)
        self.record = record


class StoreWriter:
    """The way into the store.

    Args:
        store: the store; opened and closed by whoever made it.
        resave: has a room saved as it is now, through `keep`.
        trouble_changed: is told when `trouble` changes.
        bytes_max: bytes of finished jobs that the store may hold; None: no bound.

    Attributes:
        store: to read from.
        trouble: why things are not kept now, for people; empty while they are.
    """

    def __init__(
        self,
        store: Store,
        resave: Callable[[str], None],
        trouble_changed: Callable[[], None] = lambda: None,
        bytes_max: int | None = None,
    ) -> None:
        self.store = store
        self.trouble = ""
        self._bound = StoreSizeLimit(store, bytes_max)
        self._is_away = False
        self._owed: int | None = None  # the last change that the store missed while it was away
        self._resave = resave
        self._trouble_changed = trouble_changed
        self._queue = WriteQueue()
        self._batch: list[Entry] = []
        self._packing = asyncio.Semaphore()
        self._unsaved_rooms: set[str] = set()
        self._wake = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()
        self._closing = False
        self._order = 0

    # What others ask of it.

    def number_from(self, order: int) -> None:
        """Number the next jobs from `order` + 1 on."""
        self._order = order

    async def accept(self, record: JobRecord) -> JobRecord:
        """Keep a job, before anybody is told that it is accepted.

        Args:
            record: the job.

        Returns:
            The job with the `order` and the `ticket` that it got.

        Raises:
            DuplicateJob: its id is known already; nothing is changed.
            StoreUnavailable: it cannot be kept now.
        """
        entry: Entry | None = None
        try:
            async with loop_timeout(ACCEPT_SECONDS):
                packed = await self._pack(record)
                self._order += 1
                record = replace(record, order=self._order, ticket=secrets.token_hex(8))
                accepted: asyncio.Future[JobRecord | None]
                accepted = asyncio.get_running_loop().create_future()
                entry = Entry(AcceptJob(record, packed), accepted)
                self._put(entry)
                known = await accepted
        except TimeoutError:
            # If it is written later, the job would run after the next start of the server. So it
            # is withdrawn as soon as the store answers.
            if entry is not None:
                self._withdraw(entry)
            raise StoreUnavailable(self.trouble or "the store does not answer") from None
        if known is not None and known.ticket != record.ticket:
            raise DuplicateJob(known)
        return record

    async def _pack(self, record: JobRecord) -> bytes | None:
        """Pack a large source before it waits: in a transaction, it would delay all other changes.

        One source at a time is packed, which takes up to half a second.
        """
        if source_size(record.source) <= LARGE_BYTES:
            return None
        async with self._packing:
            return await asyncio.to_thread(pack_source, source_of(record))

    async def forget(self, record: JobRecord) -> None:
        """Take a job back that was accepted, before its submitter is told that it will not run.

        Waits until the store has it, but not for ever: it is written as soon as it can be.
        """
        if written := self.write(ForgetJob(record.id, record.ticket)):
            await asyncio.wait([written], timeout=ACCEPT_SECONDS)

    def write(self, change: Change) -> "asyncio.Future[None] | None":
        """Have a change written.

        Returns:
            What is done when it is written, or when nobody should wait for that any longer; None
            when there is nothing to wait for.
        """
        if self._is_away and isinstance(change, TextChange):
            self._unsaved_rooms.add(change.room)
            return None
        written = None if self._is_away else asyncio.get_running_loop().create_future()
        self._put(Entry(change, written=written))
        return written

    def is_unsaved(self, room: str) -> bool:
        """Whether the store lacks anything of a room."""
        return room in self._unsaved_rooms or any(
            isinstance(each.change, TextChange) and each.change.room == room
            for each in (*self._batch, *self._queue)
        )

    async def settle(self, seconds: float) -> bool:
        """Wait until everything is written.

        Args:
            seconds: how long at the most.

        Returns:
            Whether it is.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._empty.wait()
        return self._empty.is_set() and not self._unsaved_rooms

    # Writing.

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._queue:
                self._batch = self._queue.next_batch()
                await self._write_batch()
                await self._bound.enforce()
            self._empty.set()

    def _put(self, entry: Entry) -> None:
        self._queue.put(entry)
        self._empty.clear()
        self._wake.set()

    def _withdraw(self, entry: Entry) -> None:
        assert isinstance(entry.change, AcceptJob)
        if not self._queue.remove(entry):
            record = entry.change.record
            self._put(Entry(ForgetJob(record.id, record.ticket)))

    async def _write_batch(self) -> None:
        pause = RETRY_SECONDS[0]
        while self._batch:
            size = sum(size_of(entry.change) for entry in self._batch)
            seconds = PATIENCE_SECONDS + size / BYTES_A_SECOND
            patience = LoopTimer(seconds, lambda: self._lose("the store is slow to answer"))
            try:
                known = await self._write_once()
            except StoreUnavailable as error:
                self._lose(str(error) or "the store does not answer")
            else:
                self._written(known)
                return
            finally:
                patience.cancel()
            await asyncio.sleep(pause)
            pause = min(2 * pause, RETRY_SECONDS[1])

    async def _write_once(self) -> dict[str, JobRecord]:
        changes = [each.change for each in self._batch]
        surely = any(
            isinstance(each, AcceptJob) or (isinstance(each, SaveRoom) and each.is_decision)
            for each in changes
        )
        return dict(await self.store.write(changes, surely=surely))

    def _written(self, known: dict[str, JobRecord]) -> None:
        batch, self._batch = self._batch, []
        for entry in batch:
            if entry.accepted is not None and not entry.accepted.done():
                assert isinstance(entry.change, AcceptJob)
                entry.accepted.set_result(known.get(entry.change.record.id))
            _release(entry)
        if self._is_away:
            self._catch_up()
        elif self._owed is not None:
            first = self._queue.first_number
            if first is None or first > self._owed:
                self._recover()

    def _catch_up(self) -> None:
        """The store is back: what it lacks goes in. Members are told when it has all of that."""
        self._is_away = False
        rooms, self._unsaved_rooms = self._unsaved_rooms, set()
        for room in rooms:
            self._resave(room)
        self._owed = self._queue.last_number
        if not self._queue:
            self._recover()

    def _recover(self) -> None:
        log.warning("the store is back after: %s", self.trouble)
        self.trouble, self._owed = "", None
        self._trouble_changed()

    def _lose(self, why: str) -> None:
        """Let nobody wait for the store any longer, until it is back."""
        self._is_away = True
        for entry in (*self._batch, *self._queue):
            _release(entry)
            if isinstance(entry.change, TextChange):
                self._unsaved_rooms.add(entry.change.room)
        # A batch that is on its way may still arrive: changes may be made twice.
        self._queue.remove_room_changes()
        if why != self.trouble:
            log.warning("the store is away: %s", why)
            self.trouble = why
            self._trouble_changed()


def _release(entry: Entry) -> None:
    if entry.written is not None and not entry.written.done():
        entry.written.set_result(None)
