"""Continues with the unfinished jobs that the store has when a server starts.

The server listens only afterwards. So the time for rooms that are costly to load is bounded.
"""

import asyncio
from contextlib import suppress

from codesync_server.jobs.job_records import job_of
from codesync_server.jobs.rerun import ATTEMPTS_MAX
from codesync_server.jobs.scheduler import Scheduler
from codesync_server.rooms.registry import Rooms, RoomUnavailable, RoomUnreadable, TooManyRooms
from codesync_server.rooms.room import Room
from codesync_server.store.contract import Store, StoreUnavailable, StoreUnusable
from codesync_server.store.records import JobRecord
from codesync_server.store.writer import StoreWriter

TAKEN_OVER_AT_ONCE = 20
"""Jobs that are read from the store at once when the server starts."""

ROOM_SECONDS = 1
"""CPU time that loading a room may take now. A member who enters it later has more."""

COSTLY_SECONDS = 5.0
"""Time for all costly rooms together; then only rooms that are certainly cheap are loaded."""

CHEAP_SECONDS = 0.1
"""A room that takes longer to open is costly. Most take a few milliseconds."""


async def take_over(store: Store, writer: StoreWriter, rooms: Rooms, scheduler: Scheduler) -> None:
    """Put the accepted jobs back into the queue, or mark as lost those that must not run again.

    Raises:
        StoreUnusable: the store cannot be read.
    """
    takeover = _Takeover(rooms, scheduler)
    try:
        writer.number_from(await store.last_order())
        order = 0
        while page := await store.unfinished(order, TAKEN_OVER_AT_ONCE):
            for record in page:
                await takeover.job(record)
            order = page[-1].order
    except (StoreUnavailable, ValueError) as error:
        raise StoreUnusable(f"cannot read the store {store.about}: {error}") from None


class _Takeover:
    """Takes over one job after the other."""

    def __init__(self, rooms: Rooms, scheduler: Scheduler) -> None:
        self._rooms = rooms
        self._scheduler = scheduler
        self._unreadable: set[str] = set()  # each room is tried once
        self._costly_seconds = 0.0
        self._clock = asyncio.get_running_loop().time

    async def job(self, record: JobRecord) -> None:
        """Take over a job."""
        job = job_of(record, self._clock())
        with suppress(TooManyRooms, RoomUnavailable):  # it runs all the same, for the history
            if room := await self._room(record.room):
                room.add_job(job)
        if record.shown:
            self._scheduler.end_lost(job, "the server stopped while it ran")
        elif record.attempts >= ATTEMPTS_MAX:
            reason = f"the server stopped {record.attempts} times while it ran"
            self._scheduler.end_lost(job, reason)
        elif record.room in self._unreadable:  # a room that is loaded later would not see its end
            self._scheduler.end_lost(job, "the room could not be loaded when the server started")
        else:
            self._scheduler.restore(job)

    async def _room(self, name: str) -> Room | None:
        """Open a room, unless that failed before."""
        if name in self._unreadable:
            return None
        began = self._clock()
        seconds = ROOM_SECONDS if self._costly_seconds < COSTLY_SECONDS else 0
        try:
            return await self._rooms.open(name, began, seconds=seconds)
        except RoomUnreadable:
            self._unreadable.add(name)
            return None
        finally:
            if (taken := self._clock() - began) > CHEAP_SECONDS:
                self._costly_seconds += taken
