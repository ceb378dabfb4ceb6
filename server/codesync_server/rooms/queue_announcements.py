"""Announces the queue to the rooms whose jobs wait or run, at a bounded cost."""

import asyncio
from collections.abc import Mapping
from itertools import chain
from time import thread_time

from codesync_protocol.messages import JobState, Queue, QueuedJob
from codesync_server.jobs.job import Job
from codesync_server.jobs.scheduler import Scheduler
from codesync_server.rooms.announcement_pacing import AnnouncementPacing
from codesync_server.rooms.registry import Rooms

INTERVAL_SECONDS = 0.03
"""Minimum interval between announcements of changes of a room's own jobs."""

PLACES_SECONDS = 1.0
"""Minimum interval between announcements of changed places in the queue alone."""

SLICE_SECONDS = 0.005
"""After this much work, other tasks may run."""

TROUBLE_MAX = 500
"""Code points; error messages of an engine can be long."""


class QueueAnnouncements:
    """Announces the queue to members."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._changed: set[str] = set()
        self._places_changed = False
        self._all_changed = False
        self._wake = asyncio.Event()
        self._pacing = AnnouncementPacing()

    def changed(self, room: str = "") -> None:
        """Schedule an announcement.

        Args:
            room: the room whose jobs changed; empty for a change that concerns all rooms.
        """
        if room:
            self._changed.add(room)
        else:
            self._all_changed = True
        self._places_changed = True
        self._wake.set()

    def is_due(self, room: str) -> bool:
        """Return whether an announcement waits, except for changed places alone."""
        return self._all_changed or room in self._changed

    async def announce(self, scheduler: Scheduler) -> None:
        """Announce the queue whenever it has changed, until cancelled."""
        clock = asyncio.get_running_loop().time
        places_told_at = float("-inf")
        while True:
            now = clock()
            if self._places_changed and (
                self._all_changed or now - places_told_at >= PLACES_SECONDS
            ):
                self._places_changed = self._all_changed = False
                places_told_at = now
                places = {job.id: place for place, job in enumerate(scheduler.waiting(), 1)}
                names = [room.name for room in self._rooms if room.size]
                await self._send(names, scheduler, places)
            elif self._changed:
                await self._send(list(self._changed), scheduler)
            await self._pause(now, places_told_at)

    async def _pause(self, now: float, places_told_at: float) -> None:
        """Wait for the next change, and until it may be announced."""
        await asyncio.sleep(INTERVAL_SECONDS)
        self._wake.clear()
        if self._changed or self._all_changed:
            return
        seconds = None
        if self._places_changed:
            seconds = max(0.0, places_told_at + PLACES_SECONDS - now)
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            pass

    async def _send(
        self, names: list[str], scheduler: Scheduler, places: Mapping[str, int] | None = None
    ) -> None:
        clock = asyncio.get_running_loop().time
        began = clock()
        for name in names:
            now = clock()
            if self._pacing.must_wait(name, now):
                self._changed.add(name)
                continue
            self._changed.discard(name)
            room = self._rooms.get(name)
            if room is not None and room.size:
                started = thread_time()
                size = room.send_queue(self.queue_of(name, scheduler, places))
                self._pacing.announced(name, now, seconds=thread_time() - started, size=size)
            if now - began > SLICE_SECONDS:
                await asyncio.sleep(0)
                began = clock()

    def queue_of(
        self, name: str, scheduler: Scheduler, places: Mapping[str, int] | None = None
    ) -> Queue:
        """Describe the queue for one room.

        Args:
            name: the room.
            scheduler: has the queue.
            places: place of each job among all waiting jobs, by job id; None: computed by this
                call.
        """
        room = self._rooms.get(name)
        jobs = list(room.unfinished()) if room else []
        if places is None:
            places = scheduler.places_in(name) if jobs else {}
        running = [job for job in jobs if job.state is not JobState.QUEUED]
        waiting = sorted(
            (job for job in jobs if job.state is JobState.QUEUED),
            key=lambda job: places.get(job.id, 0),
        )
        return Queue(
            jobs=tuple(
                _queued_job(job, places.get(job.id, 0), scheduler)
                for job in chain(running, waiting)
            ),
            queued=scheduler.queued,
            active=scheduler.active,
            max_concurrent=scheduler.max_concurrent,
            trouble=scheduler.trouble[:TROUBLE_MAX],
            idle=scheduler.slots.idle,
        )


def _queued_job(job: Job, place: int, scheduler: Scheduler) -> QueuedJob:
    starts_in, held_up = 0.0, ""
    if place:
        starts_in, held_up = scheduler.starts_in(job, place), scheduler.held_up(job)
    return QueuedJob(job.id, job.state, place, job.awaits_input, starts_in, job.is_idle, held_up)
