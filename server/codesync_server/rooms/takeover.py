"""Continues with the unfinished jobs that the store has when a server starts."""

import asyncio
from contextlib import suppress

from codesync_server.jobs.job_records import job_of
from codesync_server.jobs.rerun import ATTEMPTS_MAX
from codesync_server.jobs.scheduler import Scheduler
from codesync_server.rooms.registry import Rooms, RoomUnavailable, TooManyRooms
from codesync_server.store.contract import Store, StoreUnavailable, StoreUnusable
from codesync_server.store.records import JobRecord
from codesync_server.store.writer import StoreWriter

TAKEN_OVER_AT_ONCE = 20
"""Jobs that are read from the store at once when the server starts."""


async def take_over(store: Store, writer: StoreWriter, rooms: Rooms, scheduler: Scheduler) -> None:
    """Put the accepted jobs back into the queue, or mark as lost those that must not run again.

    Raises:
        StoreUnusable: the store cannot be read.
    """
    try:
        writer.number_from(await store.last_order())
        order = 0
        while page := await store.unfinished(order, TAKEN_OVER_AT_ONCE):
            for record in page:
                await _take_over_job(record, rooms, scheduler)
            order = page[-1].order
    except (StoreUnavailable, ValueError) as error:
        raise StoreUnusable(f"cannot read the store {store.about}: {error}") from None


async def _take_over_job(record: JobRecord, rooms: Rooms, scheduler: Scheduler) -> None:
    now = asyncio.get_running_loop().time()
    job = job_of(record, now)
    with suppress(TooManyRooms, RoomUnavailable):  # it runs all the same, for the history
        (await rooms.open(record.room, now, is_urgent=True)).add_job(job)
    if record.shown:
        scheduler.end_lost(job, "the server stopped while it ran")
    elif record.attempts >= ATTEMPTS_MAX:
        scheduler.end_lost(job, f"the server stopped {record.attempts} times while it ran")
    else:
        scheduler.restore(job)
