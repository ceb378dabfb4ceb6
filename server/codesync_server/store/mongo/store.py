"""A store in a MongoDB database, for servers. Writes are acknowledged by a majority, journalled."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress

from pymongo import ReadPreference
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern

from codesync_server.store.changes import Change, FinishJob
from codesync_server.store.contract import (
    ALL_JOBS,
    JOBS_SEARCHED,
    Retention,
    StoreUnavailable,
    StoreUnusable,
)
from codesync_server.store.mongo import address, layout, pruning, reads, writes
from codesync_server.store.mongo.documents import Database
from codesync_server.store.mongo.fence import SURELY, Fence
from codesync_server.store.mongo.lease import LEASE_SECONDS, RENEW_SECONDS, WriteLease
from codesync_server.store.records import (
    JobPage,
    JobQuery,
    JobRecord,
    OutputRun,
    RoomSummary,
    StoredRoom,
)

_FURTHER = re.compile(r", Timeout: | \(configured timeouts: |, full error: ")

ANSWER_SECONDS = 5.0
"""How long one request may take, retries included."""

CLOSE_SECONDS = 1.0
"""How long giving back the lease may take, and how long disconnecting."""


class MongoStore:
    """A store in a MongoDB database.

    Args:
        where: `mongodb://…` or `mongodb+srv://…`; the database is the one that it names, else
            `codesync`.

    Attributes:
        about: where things are kept, for people; without the password.
        outlives: what is kept is there after the process has ended.
        finished_bytes: bytes of finished jobs together.
    """

    def __init__(self, where: str) -> None:
        self.outlives = True
        self.finished_bytes = 0
        self.about = "MongoDB"
        self._address = where
        self._name = address.DATABASE
        self._client: address.Client | None = None
        self._lease: WriteLease | None = None
        self._fence: Fence | None = None
        self._renewal: asyncio.Task[None] | None = None

    async def open(self, *, alone: bool = True) -> None:
        """Connect, take the lease, and bring the collections up to date."""
        try:
            self._name, self.about = await address.read(self._address)
            self._client = address.connect(self._address, ANSWER_SECONDS)
            await self._prepare(self._client, alone=alone)
        except PyMongoError as error:
            await self.close()
            raise StoreUnusable(f"cannot use the store {self.about}: {_reason(error)}") from None
        except BaseException:
            await self.close()
            raise

    async def _prepare(self, client: address.Client, *, alone: bool) -> None:
        database = self._database
        version = await layout.check_version(database, self.about)
        if not alone:
            layout.check_up_to_date(version, self.about)
            return
        await self._require_transactions(client)
        session, lease = client.start_session(), WriteLease(database, self.about)
        if other := await lease.acquire(session):
            raise StoreUnusable(
                f"another codesync server ({other}) has the store {self.about};"
                f" end that one, or wait {LEASE_SECONDS:g} s if it is dead"
            )
        self._lease = lease
        self._fence = Fence(session, lease, ANSWER_SECONDS)
        self._renewal = asyncio.get_running_loop().create_task(self._renew(self._fence))
        await layout.bring_up_to_date(database, self._fence, version)
        self.finished_bytes = await pruning.finished_bytes(database)

    async def _require_transactions(self, client: address.Client) -> None:
        hello = await client.admin.command("hello")
        if not hello.get("setName") and hello.get("msg") != "isdbgrid":
            raise StoreUnusable(
                f"cannot use the store {self.about}: it is a single mongod, which has no"
                " transactions; make it a replica set, of which it may be the only member:"
                " start it with --replSet rs0, and run rs.initiate() in it once"
            )

    async def _renew(self, fence: Fence) -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            with suppress(PyMongoError):  # a write will say it
                await fence.renew()

    async def guard(self) -> None:
        """Watch over the lease."""
        assert self._renewal
        await asyncio.shield(self._renewal)

    async def ping(self) -> None:
        """Ask the primary."""
        async with self._reading() as database:
            await database.command("ping")

    async def close(self) -> None:
        """Give the lease back, and disconnect."""
        if self._renewal is not None:
            self._renewal.cancel()
            await asyncio.gather(self._renewal, return_exceptions=True)
        if self._lease is not None:
            with suppress(PyMongoError, TimeoutError):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await self._lease.release()
        if self._client is not None:
            await _disconnect(self._client)
        self._client = self._lease = self._fence = self._renewal = None

    @property
    def _database(self) -> Database:
        if self._client is None:
            raise StoreUnavailable("the store is not open")
        return self._client.get_database(
            self._name,
            read_preference=ReadPreference.PRIMARY,
            read_concern=ReadConcern("local"),
            write_concern=SURELY,
        )

    @asynccontextmanager
    async def _reading(self) -> AsyncGenerator[Database]:
        try:
            yield self._database
        except PyMongoError as error:
            raise StoreUnavailable(_reason(error)) from None

    @asynccontextmanager
    async def _writing(self) -> AsyncGenerator[tuple[Database, Fence]]:
        async with self._reading() as database:
            if self._fence is None:
                raise StoreUnavailable("the store is not open for this")
            yield database, self._fence

    async def write(self, changes: Sequence[Change], *, surely: bool) -> Mapping[str, JobRecord]:
        """Make changes in one transaction; it is journalled by a majority, `surely` or not."""
        del surely
        async with self._writing() as (database, fence):
            known = await writes.write(database, fence, changes)
            if ended := [each.job for each in changes if isinstance(each, FinishJob)]:
                self.finished_bytes += await pruning.size_of(database, ended)
            return {
                each: job
                for each in known
                if (job := await reads.job(database, each, with_source=False))
            }

    async def last_order(self) -> int:
        """The highest order that a job has; 0 for none."""
        async with self._reading() as database:
            return await reads.last_order(database)

    async def unfinished(self, after: int = 0, limit: int = ALL_JOBS) -> Sequence[JobRecord]:
        """The jobs without a result, with their sources, in their order."""
        async with self._reading() as database:
            return await reads.unfinished(database, after, limit)

    async def room(self, name: str) -> StoredRoom | None:
        """A room with its members and texts."""
        async with self._reading() as database:
            return await reads.room(database, name)

    async def jobs(
        self,
        room: str,
        wanted: JobQuery,
        *,
        before: int,
        limit: int,
        searched: int = JOBS_SEARCHED,
    ) -> JobPage:
        """Search finished jobs, the latest first, without their sources."""
        async with self._reading() as database:
            return await reads.jobs(
                database, room, wanted, before=before, limit=limit, searched=searched
            )

    async def job(self, job: str, *, with_source: bool = False) -> JobRecord | None:
        """One job."""
        async with self._reading() as database:
            return await reads.job(database, job, with_source=with_source)

    async def output(self, job: str) -> Sequence[OutputRun]:
        """What a finished job wrote, as far as it was kept."""
        async with self._reading() as database:
            return await reads.output(database, job)

    async def rooms(self, limit: int, after: RoomSummary | None = None) -> Sequence[RoomSummary]:
        """One page of the rooms, those first that were used last."""
        async with self._reading() as database:
            return await reads.rooms(database, limit, after)

    async def room_names(self, limit: int, after: str = "") -> Sequence[str]:
        """One page of the names of all rooms."""
        async with self._reading() as database:
            return await reads.room_names(database, limit, after)

    async def room_count(self) -> int:
        """How many rooms there are."""
        async with self._reading() as database:
            return await database["rooms"].count_documents({})

    async def prune(self, retention: Retention, keep: frozenset[str]) -> int:
        """Delete what is old or too much."""
        async with self._writing() as (database, fence):
            deleted = await pruning.prune(database, fence, retention, keep)
            self.finished_bytes = await pruning.finished_bytes(database)
            return deleted

    async def prune_to(self, bytes_max: int, jobs: int) -> int:
        """Delete finished jobs as long as all have more than `bytes_max`."""
        async with self._writing() as (database, fence):
            deleted, self.finished_bytes = await pruning.prune_to(database, fence, bytes_max, jobs)
            return deleted

    async def check(self) -> Sequence[str]:
        """What is wrong with the data, a sentence each."""
        async with self._reading() as database:
            return await reads.check(database)

    async def compact(self) -> None:
        """Give back the space of what was deleted, where the database lets us."""
        async with self._writing() as (database, _):
            for collection in ("jobs", "bodies", "edits", "texts"):
                with suppress(PyMongoError):  # needs a right of its own, and is not everywhere
                    await database.command("compact", collection)

    async def all_jobs(self) -> AsyncIterator[JobRecord]:
        """Every job with its source, in order."""
        async with self._reading() as database:
            async for each in reads.all_jobs(database):
                yield each


async def _disconnect(client: address.Client) -> None:
    """Close a client. It tells the database that its sessions end, which may be away."""
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await client.close()
    except TimeoutError:
        await client.close()  # it has forgotten its sessions by now, so there is nothing to tell


def _reason(error: PyMongoError) -> str:
    """What is the matter; the driver says much more."""
    return _FURTHER.split(str(error), maxsplit=1)[0][:300]
