"""The contract of stores. One server at a time uses a store."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from codesync_server.store.changes import Change
from codesync_server.store.records import (
    JobPage,
    JobQuery,
    JobRecord,
    JobSource,
    OutputRun,
    RoomSummary,
    StoredRoom,
)

SCHEMA = 7
"""Which layout of the data this program writes. An older one is brought to it when the store is
opened for writing. 2: what is searched is kept folded; 3: which of a room's links only
let people watch; 4: by which invite a job was submitted; 6: who is
in a room, and the searched texts count as size; 7: which roles follow from an old invite."""

ALL_JOBS = 1 << 30
"""As many as there are."""

JOBS_SEARCHED = 4_000
"""Jobs of a room that one search looks at. It takes about 30 ms for the longest texts."""

ROOMS_AT_A_TIME = 100
"""Rooms in one page."""

MEMBERS_KEPT = 1000
"""Members of one room that are kept: those who were there last."""


class StoreUnusable(Exception):
    """The store cannot be opened; the message says why and what to do."""


class StoreMissing(StoreUnusable):
    """Nothing was ever kept there, so there is nothing to read."""


class StoreOutdated(StoreUnusable):
    """It has an older layout, and is only to be read; whoever writes to it brings it up to date."""


class StoreLost(StoreUnusable):
    """Another server has taken the store over: this one ends, and nothing of it counts any more."""


class StoreUnavailable(Exception):
    """The store does not answer, or cannot write; the message says why. It may come back."""


class UnsupportedQuery(StoreUnavailable):
    """This cannot be looked for, in no store and at no time; the message says why."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long and how much is kept. None: without end.

    Attributes:
        jobs_seconds: finished jobs.
        rooms_seconds: rooms that nobody was in, with their jobs.
        bytes_max: finished jobs together, with sources, outputs and searched texts; the oldest
            jobs of the room that holds most go first.
    """

    jobs_seconds: float | None = None
    rooms_seconds: float | None = None
    bytes_max: int | None = None


class Store(Protocol):
    """Keeps what was accepted.

    All methods except `open` and `close` raise StoreUnavailable while the store does not answer.
    Methods that write raise StoreLost once another server has taken over the store.

    Attributes:
        about: where things are kept, for people.
        outlives: whether what is kept is there after the process has ended.
        finished_bytes: bytes of finished jobs together, with sources, outputs and searched texts,
            while it is open for writing. Counted when it is opened and with every write; a little
            too high after a write that had to be repeated.
    """

    about: str
    outlives: bool
    finished_bytes: int

    async def open(self, *, alone: bool = True) -> None:
        """Connect, bring the layout up to date, and make sure that no other server writes.

        Args:
            alone: be the one server that writes; else only read.

        Raises:
            StoreMissing: it is only to be read, and is not there.
            StoreOutdated: it is only to be read, and has an older layout.
            StoreUnusable: it cannot be used, or another server has it.
        """
        ...

    async def guard(self) -> None:
        """Watch over it, opened for writing, until cancelled.

        Raises:
            StoreLost: another server has taken it over.
        """
        ...

    async def ping(self) -> None:
        """Ask whether it can be used now; opened for writing. Cheap: done once a second.

        Raises:
            StoreUnavailable: it cannot; says why.
        """
        ...

    async def close(self) -> None:
        """Let go of it. Takes a few seconds at the most, also when the store is away."""
        ...

    async def write(self, changes: Sequence[Change], *, surely: bool) -> Mapping[str, JobRecord]:
        """Make changes, all of them or none.

        Whether a failure was that of the answer alone nobody knows: they may be written again.

        Args:
            changes: in their order.
            surely: they must outlast a power cut; else the end of the process is enough.

        Returns:
            For each AcceptJob whose id was known already: the stored record, without its source.
        """
        ...

    async def last_order(self) -> int:
        """The highest order that a job has; 0 for none."""
        ...

    async def unfinished(self, after: int = 0, limit: int = ALL_JOBS) -> Sequence[JobRecord]:
        """The jobs without a result, with their sources, in their order.

        Args:
            after: only those of a higher order.
            limit: how many at the most. Each may have a source of 11 MiB.
        """
        ...

    async def room(self, name: str) -> StoredRoom | None:
        """A room with its members and texts."""
        ...

    async def jobs(
        self,
        room: str,
        wanted: JobQuery,
        *,
        before: int,
        limit: int,
        searched: int = JOBS_SEARCHED,
    ) -> JobPage:
        """Search finished jobs, the latest first, without their sources.

        Args:
            room: the room.
            wanted: which ones; without control characters in its text.
            before: only those of a lower place; the nearer to the room's last one, the sooner they
                are found.
            limit: how many at the most.
            searched: how many jobs of the room a search looks at, at the most.
        """
        ...

    async def job(self, job: str, *, with_source: bool = False) -> JobRecord | None:
        """Read one job.

        Args:
            job: its id.
            with_source: read what it runs as well: up to 11 MiB.
        """
        ...

    async def output(self, job: str) -> Sequence[OutputRun]:
        """What a finished job wrote, as far as it was kept."""
        ...

    async def rooms(self, limit: int, after: RoomSummary | None = None) -> Sequence[RoomSummary]:
        """Read one page of the rooms, those first that were used last.

        A room that is used meanwhile moves to the front, so a later page can lack it.

        Args:
            limit: how many at the most.
            after: the last room of the page before; None for the first page.
        """
        ...

    async def room_names(self, limit: int, after: str = "") -> Sequence[str]:
        """Read one page of the names of all rooms, in alphabetical order.

        Args:
            limit: how many at the most.
            after: the last name of the page before.
        """
        ...

    async def room_count(self) -> int:
        """Count the rooms."""
        ...

    async def prune(self, retention: Retention, keep: frozenset[str]) -> int:
        """Delete what is old or too much.

        Args:
            retention: how long and how much is kept.
            keep: rooms that are in use.

        Returns:
            How many jobs were deleted.
        """
        ...

    async def prune_to(self, bytes_max: int, jobs: int) -> int:
        """Delete finished jobs as long as all have more than `bytes_max`.

        The oldest jobs of the room that holds most go first, and among them those of the invite
        that holds most: nobody's jobs displace those of others.

        Args:
            bytes_max: bytes of finished jobs that may stay.
            jobs: how many are deleted at the most.

        Returns:
            How many jobs were deleted.
        """
        ...

    async def check(self) -> Sequence[str]:
        """What is wrong with the data, a sentence each."""
        ...

    async def compact(self) -> None:
        """Give back the space of what was deleted."""
        ...

    def all_jobs(self) -> AsyncIterator[JobRecord]:
        """Every job with its source, in order."""
        ...


async def all_room_names(store: Store) -> AsyncIterator[str]:
    """Give the names of all rooms, page by page."""
    page = await store.room_names(ROOMS_AT_A_TIME)
    while page:
        for name in page:
            yield name
        page = await store.room_names(ROOMS_AT_A_TIME, page[-1])


async def all_rooms(store: Store) -> AsyncIterator[RoomSummary]:
    """Give all rooms, those first that were used last, page by page."""
    page = await store.rooms(ROOMS_AT_A_TIME)
    while page:
        for line in page:
            yield line
        page = await store.rooms(ROOMS_AT_A_TIME, page[-1])


def source_of(record: JobRecord) -> JobSource:
    """The source of a record that was asked for with it."""
    assert record.source is not None
    return record.source
