"""All rooms of a server: loaded when a member enters, unloaded when unused."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import inf
from time import monotonic
from weakref import WeakSet, WeakValueDictionary

from codesync_protocol.shared_text import SOURCE
from codesync_server.access.budgets import Budget, Budgets
from codesync_server.access.payer import Payer
from codesync_server.access.token_buckets import Rate
from codesync_server.documents.document import UnreadableHistory
from codesync_server.documents.load_process import LoadProcesses
from codesync_server.jobs.job import Job
from codesync_server.jobs.job_records import job_of
from codesync_server.jobs.memory_budget import MemoryBudget
from codesync_server.rooms.document_checks import restorable
from codesync_server.rooms.kept_jobs import JOBS_KEPT
from codesync_server.rooms.member_places import MEMBERS_MAX
from codesync_server.rooms.room import Room
from codesync_server.rooms.room_memory import memory_of
from codesync_server.rooms.room_use import is_unused
from codesync_server.store.changes import ForgetRoom
from codesync_server.store.contract import StoreUnavailable
from codesync_server.store.records import JobQuery
from codesync_server.store.writer import StoreWriter

OPENED = Budget("rooms opened", "rooms", address=Rate(500, 5.0), invite=Rate(500, 5.0))
"""Opening a room that is not in memory reads or creates it. The rooms of a class open together."""

FORGET_SECONDS = 0.005
"""Seconds of the event loop after which the unloading of idle rooms is interrupted."""

IDLE_SECONDS = 600.0

UNUSED_SECONDS = 60.0
"""Minimum time that an unused room is stored after its last member has left."""

SHED_BY = "the server, which needs memory"
"""The name in `cancelled_by` for jobs of a room that is closed because memory is short."""

UNREADABLE_SECONDS = 300.0
"""Time before another attempt to load a room that cannot be read."""

UNREADABLE_MAX = 1_000
"""Maximum number of rooms that are remembered as unreadable."""

_UNREADABLE = "what is kept of the room cannot be read; the server's log says why"


log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RoomLimits:
    """Limits on rooms.

    Attributes:
        rooms: number of rooms in memory.
        members: number of members of one room, besides hosts.
    """

    rooms: int = 2_000
    members: int = MEMBERS_MAX


class TooManyRooms(Exception):
    """The server has no place for another room. The message states the limit."""


class RoomUnavailable(Exception):
    """A room cannot be opened. The message says why."""


class RoomUnreadable(RoomUnavailable):
    """The store has the room, but its texts are invalid or take too long to load."""


class Rooms:
    """All rooms of a server.

    Args:
        writer: reads and stores rooms.
        language: the language of a new room.
        starter: the source text of a new room.
        memory: counts the memory of the rooms' event logs.
        limits: bounds of rooms.
        budgets: the budgets of clients.
        processes: load histories that may take long; None: processes of its own.
        no_memory: returns why the server has no memory for another room; empty when it has.
    """

    def __init__(
        self,
        writer: StoreWriter,
        language: str = "",
        starter: str = "",
        *,
        memory: MemoryBudget | None = None,
        limits: RoomLimits | None = None,
        budgets: Budgets | None = None,
        processes: LoadProcesses | None = None,
        no_memory: Callable[[], str] = lambda: "",
    ) -> None:
        self._limits = limits or RoomLimits()
        self._budgets = budgets or Budgets()
        self._writer = writer
        self._memory = memory
        self._processes = processes or LoadProcesses()
        self._opening: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._unreadable_until: dict[str, float] = {}
        self._no_memory = no_memory
        self._rooms: dict[str, Room] = {}
        self._closed: WeakSet[Room] = WeakSet()
        self._language = language
        self._starter = starter

    def __iter__(self) -> Iterator[Room]:
        """Iterate over the rooms in memory."""
        return iter(list(self._rooms.values()))

    def __len__(self) -> int:
        """Return the number of rooms in memory."""
        return len(self._rooms)

    def get(self, name: str) -> Room | None:
        """Return a room that is in memory."""
        return self._rooms.get(name)

    async def open(
        self, name: str, now: float, payer: Payer | None = None, *, seconds: int | None = None
    ) -> Room:
        """Return a room: from memory, from the store, or a new one.

        Args:
            name: a valid name.
            now: time of the event loop.
            payer: is charged if the room is not in memory.
            seconds: CPU time for loading texts that may be costly; see `LoadProcesses.restore`.

        Raises:
            LimitReached: the payer opened too many rooms.
            TooManyRooms: there is no place for it.
            RoomUnavailable: the room cannot be read from the store now.
        """
        room = self._rooms.get(name)
        if room is None and payer is not None:
            self._budgets.charge(OPENED, payer, 1, now)
        if (room is None or room in self._closed) and (trouble := self._no_memory()):
            raise TooManyRooms(f"No room can be opened: {trouble}. Try again in a minute.")
        if room is None:
            if name not in self._opening and not self._has_place(now):
                raise TooManyRooms(f"This server's rooms are all in use ({self._limits.rooms}).")
            turn = self._opening.setdefault(name, asyncio.Lock())
            async with turn:  # concurrent requests for a room load it once
                room = self._rooms.get(name)
                if room is None:
                    stored = await self._restored(name, now, seconds)
                    room = self.add(
                        stored or Room(name, now, self._writer.write), is_new=not stored
                    )
        self._closed.discard(room)
        if room.idle_since is not None:
            room.idle_since = now
        return room

    async def _restored(self, name: str, now: float, seconds: int | None) -> Room | None:
        if self._unreadable_until.get(name, now) > now:
            raise RoomUnreadable(_UNREADABLE)
        try:
            if self._writer.is_unsaved(name):
                return None  # the room was unused, and its deletion is not written yet
            stored = await self._writer.store.room(name)
            if stored is None:
                return None
            stored, is_renewed = await restorable(stored, self._processes, seconds=seconds)
            room = Room(name, now, self._writer.write, stored)
            if is_renewed:
                room.save_all()
            page = await self._writer.store.jobs(
                name, JobQuery(), before=stored.jobs + 1, limit=JOBS_KEPT
            )
        except StoreUnavailable as error:
            raise RoomUnavailable(f"the store is away, and the room lies in it: {error}") from None
        except (UnreadableHistory, ValueError) as error:
            log.error("room %s cannot be read: %s", name, error)
            if seconds is None:
                self._remember_unreadable(name, now)
            raise RoomUnreadable(_UNREADABLE) from None
        for record in reversed(page.jobs):
            room.add_job(job_of(record, now))
        return room

    def _remember_unreadable(self, name: str, now: float) -> None:
        """Do not load an unreadable room again for some time, since each attempt takes long."""
        if len(self._unreadable_until) >= UNREADABLE_MAX:
            self._unreadable_until.clear()
        self._unreadable_until[name] = now + UNREADABLE_SECONDS

    def add(self, room: Room, *, is_new: bool = True) -> Room:
        """Add a room to those in memory.

        Args:
            room: the room.
            is_new: whether to fill the room with the text of a new room.

        Returns:
            The room with this name in memory: the given one, or the one that was added before it.
        """
        if room.name in self._rooms:
            return self._rooms[room.name]
        self._rooms[room.name] = room
        room.membership.places.members_max = self._limits.members
        if self._memory is not None:
            room.log.account_to(self._memory)
        if is_new:
            room.language = self._language
            if self._starter:
                room.document.write(SOURCE, self._starter)
            room.save()
            room.save_text()
        return room

    def save(self, name: str) -> None:
        """Store the current state of a room, because the store missed some of its changes."""
        if room := self._rooms.get(name):
            room.save_all()

    def save_used(self) -> None:
        """Store that rooms are in use, so that they are not deleted as old ones."""
        for room in self:
            if room.size:
                room.save()

    def save_loose_edits(self) -> None:
        """Save the texts of all rooms that have edits since their last saved state."""
        for room in self:
            if room.has_loose_edits:
                room.save_text()

    def announce_saving(self, trouble: str) -> None:
        """Tell all members whether changes are stored."""
        for room in self:
            room.announce_saving(trouble)

    def _has_place(self, now: float) -> bool:
        """Return whether there is a place for another room, besides those that are being opened."""
        if len(self._rooms) + len(self._opening) >= self._limits.rooms:
            self.forget_idle(now, FORGET_SECONDS)
        held = len(self._rooms) + len(self._opening)
        return held < self._limits.rooms or self._make_place(now)

    def _make_place(self, now: float) -> bool:
        """Unload the room that has been idle for longest and is stored completely."""
        idle = [room for room in self if room.idle_since is not None and not any(room.unfinished())]
        for room in sorted(idle, key=lambda each: each.idle_since or 0.0):
            if not room.has_loose_edits and not self._writer.is_unsaved(room.name):
                self._unload(room, now)
                return True
        return False

    def close_largest(self, cancel: Callable[[Job, str], None]) -> bool:
        """Reduce the memory of rooms: unload the empty ones, and close the largest one.

        A room is the identity that uses memory: an invite leads into one room only. Activity does
        not protect a room: its jobs are cancelled. A closed room is stored, and its members can
        return when there is memory for it.

        Args:
            cancel: cancels a job; the second argument is the name for `cancelled_by`.

        Returns:
            Whether any memory was freed.
        """
        sizes = {room: memory_of(room) for room in self}
        self.forget_idle(inf)
        largest = max(self, key=lambda room: sizes[room], default=None)
        forgotten = sum(size for room, size in sizes.items() if room.name not in self._rooms)
        if largest is None or sizes[largest] <= forgotten:
            return bool(forgotten)
        self._closed.add(largest)
        for job in list(largest.unfinished()):
            cancel(job, SHED_BY)
        largest.audience.dismiss("the server needs the memory of this room; come back in a minute")
        return True

    def forget_idle(self, now: float, seconds: float = inf) -> bool:
        """Unload the rooms without members and running jobs whose idle time is over.

        A room with edits since its last saved state is saved first, and unloaded by a later call.

        Args:
            now: time of the event loop.
            seconds: the time after which no further room is begun: a class leaves its rooms
                together, and each of them may have to be saved.

        Returns:
            Whether all rooms were looked at.
        """
        end = monotonic() + seconds
        for room in self:
            if monotonic() > end:
                return False
            if (
                room.idle_since is None
                or now - room.idle_since <= self._idle_seconds(room)
                or any(room.unfinished())
            ):
                continue
            if not room.document.is_cheap_to_load:
                room.renew_document()  # it is restored when a client enters
            elif room.has_loose_edits:
                room.save_text()
            elif not self._writer.is_unsaved(room.name):
                self._unload(room, now)
        return True

    def forget_unused(self, now: float) -> None:
        """Delete unused rooms without members from the store."""
        for room in self:
            if room.idle_since is not None and not self._writer.is_unsaved(room.name):
                self._forget_unused(room, now)

    def _unload(self, room: Room, now: float) -> None:
        """Remove a room from memory, and from the store if it is unused."""
        self._forget_unused(room, now)
        del self._rooms[room.name]

    def _forget_unused(self, room: Room, now: float) -> None:
        idle = now - (now if room.idle_since is None else room.idle_since)
        if idle >= UNUSED_SECONDS and is_unused(room, self._language, self._starter):
            self._writer.write(ForgetRoom(room.name))

    def _idle_seconds(self, room: Room) -> float:
        """Seconds that a room stays in memory without members."""
        return 0.0 if room in self._closed else IDLE_SECONDS
