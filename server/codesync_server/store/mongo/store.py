"""A store in a MongoDB database, for servers. Writes are acknowledged by a majority, journalled."""

import asyncio
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from pymongo import ASCENDING, AsyncMongoClient, ReadPreference, WriteConcern
from pymongo.errors import ConfigurationError, InvalidURI, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.uri_parser import parse_uri

from codesync_server.store.changes import Change
from codesync_server.store.contract import (
    SCHEMA,
    Retention,
    StoreDown,
    StoreUnusable,
)
from codesync_server.store.mongo import writes
from codesync_server.store.mongo.documents import (
    Document,
    read_edit,
    read_job,
    read_member,
    read_room,
)
from codesync_server.store.mongo.lease import LEASE_SECONDS, RENEW_SECONDS, Lease
from codesync_server.store.packing import unpack_output, unpack_source
from codesync_server.store.records import (
    JobRecord,
    KeptRoom,
    OutputRun,
    RoomLine,
    TextRecord,
    Wanted,
)

ANSWER_SECONDS = 5.0
"""How long one request may take, retries included."""

DATABASE = "codesync"
"""Which database, if the address names none."""

MEMBERS_MAX = 1000
WINDOW = 200
"""Jobs that are looked through at once for a page; more, the longer nothing is found."""

_INDEXES = (
    ("edits", [("room", ASCENDING), ("history", ASCENDING), ("edit", ASCENDING)]),
    ("members", [("room", ASCENDING), ("seen_at", ASCENDING)]),
    ("jobs", [("room", ASCENDING), ("place", ASCENDING)]),
    ("jobs", [("verdict", ASCENDING), ("order", ASCENDING)]),
    ("jobs", [("order", ASCENDING)]),
    ("rooms", [("used_at", ASCENDING)]),
)


class MongoStore:
    """A store in a MongoDB database.

    Args:
        address: `mongodb://…` or `mongodb+srv://…`; the database is the one that it names, else
            `codesync`.

    Attributes:
        about: where things are kept, for people; without the password.
        outlives: what is kept is there after the process has ended.
    """

    def __init__(self, address: str) -> None:
        self.outlives = True
        self.about = "MongoDB"
        self._address = address
        self._client: AsyncMongoClient[Document] | None = None
        self._lease: Lease | None = None
        self._renewal: asyncio.Task[None] | None = None
        self._leased_until = 0.0
        self._name = DATABASE

    async def open(self, *, alone: bool = True) -> None:
        """Connect, make indexes, and take the lease."""
        try:
            parsed = parse_uri(self._address)
            self._name = parsed.get("database") or DATABASE
            hosts = ",".join(f"{host}:{port}" for host, port in parsed["nodelist"])
            self.about = f"MongoDB at {hosts}, database {self._name}"
            self._client = self._connect()
            await self._prepare(alone=alone)
        except (InvalidURI, ConfigurationError, PyMongoError, ValueError) as error:
            await self.close()
            why = str(error).split(", Timeout:")[0][:300]
            raise StoreUnusable(f"cannot use the store {self.about}: {why}") from None
        except BaseException:
            await self.close()
            raise

    def _connect(self) -> AsyncMongoClient[Document]:
        return AsyncMongoClient(
            self._address,
            timeoutMS=int(ANSWER_SECONDS * 1000),
            serverSelectionTimeoutMS=int(ANSWER_SECONDS * 1000),
            retryWrites=True,
            appname="codesync",
        )

    async def _prepare(self, *, alone: bool) -> None:
        database = self._database
        kept = await database["meta"].find_one({"_id": "schema"})
        version = int(kept["version"]) if kept else 0
        if version > SCHEMA:
            raise StoreUnusable(
                f"a later codesync wrote the store {self.about} (layout {version},"
                f" this one knows {SCHEMA}); upgrade codesync-rooms"
            )
        if not alone:
            return
        self._lease = Lease(database)
        await self._renew()
        for collection, keys in _INDEXES:
            await database[collection].create_index(keys)
        await database["meta"].replace_one(
            {"_id": "schema"}, {"_id": "schema", "version": SCHEMA}, upsert=True
        )
        self._renewal = asyncio.get_running_loop().create_task(self._keep_lease())

    async def close(self) -> None:
        """Give the lease back, and disconnect."""
        if self._renewal is not None:
            self._renewal.cancel()
            await asyncio.wait([self._renewal])
        if self._lease is not None and self._leased_until:
            with suppress(PyMongoError):
                await self._lease.give_back()
        if self._client is not None:
            await self._client.close()
        self._client = self._lease = self._renewal = None

    async def _keep_lease(self) -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            with suppress(PyMongoError, StoreUnusable):  # a write will say it
                await self._renew()

    async def _renew(self) -> None:
        assert self._lease
        began = time.monotonic()
        if other := await self._lease.take():
            self._leased_until = 0.0
            raise StoreUnusable(
                f"another codesync server ({other}) has the store {self.about};"
                f" end that one, or wait {LEASE_SECONDS:g} s if it is dead"
            )
        self._leased_until = began + LEASE_SECONDS

    @property
    def _database(self) -> writes.Database:
        if self._client is None:
            raise StoreDown("the store is not open")
        return self._client.get_database(
            self._name,
            read_preference=ReadPreference.PRIMARY,
            read_concern=ReadConcern("local"),
            write_concern=WriteConcern("majority", j=True),
        )

    @asynccontextmanager
    async def _using(self) -> AsyncGenerator[writes.Database]:
        try:
            yield self._database
        except PyMongoError as error:
            raise StoreDown(str(error).split(", Timeout:")[0][:300]) from None

    async def write(self, changes: Sequence[Change], *, surely: bool) -> Mapping[str, JobRecord]:
        """Make changes; each is journalled by a majority, whether `surely` or not."""
        del surely
        async with self._using() as database:
            if time.monotonic() > self._leased_until:
                try:
                    await self._renew()
                except StoreUnusable as error:
                    raise StoreDown(str(error)) from None
            known = await writes.apply(database, changes)
            return {job: record for job in known if (record := await self.job(job))}

    async def last_order(self) -> int:
        """The highest order that a job has; 0 for none."""
        async with self._using() as database:
            found = await database["jobs"].find({}, {"order": 1}).sort("order", -1).to_list(1)
        return int(found[0]["order"]) if found else 0

    async def unfinished(self) -> Sequence[JobRecord]:
        """The jobs without a result, with their sources, in their order."""
        async with self._using() as database:
            found = await database["jobs"].find({"verdict": None}).sort("order", 1).to_list()
            return [await self._with_source(database, each) for each in found]

    async def _with_source(self, database: writes.Database, job: Mapping[str, Any]) -> JobRecord:
        body = await database["bodies"].find_one({"_id": job["_id"]}, {"source": 1})
        return read_job(job, body["source"] if body else None)

    async def room(self, name: str) -> KeptRoom | None:
        """A room with its members and texts."""
        async with self._using() as database:
            found = await database["rooms"].find_one({"_id": name})
            if found is None:
                return None
            members = await (
                database["members"].find({"room": name}).sort("seen_at", -1).to_list(MEMBERS_MAX)
            )
            return KeptRoom(
                read_room(found),
                tuple(read_member(each) for each in members),
                await self._text(database, name),
                await self._last_place(database, name),
            )

    async def _text(self, database: writes.Database, name: str) -> TextRecord:
        saved = await database["texts"].find_one({"_id": name})
        history, index, state = (
            (int(saved["history"]), int(saved["edit"]), saved["state"]) if saved else (1, 0, b"")
        )
        behind = {"room": name, "history": history, "edit": {"$gt": index}}
        edits = await database["edits"].find(behind).sort("edit", 1).to_list()
        return TextRecord(history, index, state, tuple(read_edit(each) for each in edits))

    async def _last_place(self, database: writes.Database, name: str) -> int:
        jobs = (
            database["jobs"].find({"room": name}, {"place": 1}).sort([("room", -1), ("place", -1)])
        )
        found = await jobs.to_list(1)
        return int(found[0]["place"]) if found else 0

    async def jobs(
        self, room: str, wanted: Wanted, *, before: int, limit: int
    ) -> Sequence[JobRecord]:
        """Finished jobs, the latest first, without their sources.

        Looks at one stretch of places after the other, so that what has to be sorted is little.
        The few that have not ended are left out here: asked of the database, they would keep it
        from finding the rest by its index alone.
        """
        found: list[JobRecord] = []
        query = _query(room, wanted)
        async with self._using() as database:
            top, window = before, WINDOW
            while len(found) < limit and top > 0:
                query["place"] = {"$lt": top, "$gte": top - window}
                wants = limit - len(found)
                rows = await database["jobs"].find(query).sort("place", -1).limit(wants).to_list()
                found += [read_job(each) for each in rows if each["verdict"] is not None]
                if len(rows) == wants:  # there may be more in this stretch
                    top = int(rows[-1]["place"])
                else:
                    top, window = top - window, 4 * window
        return found

    async def job(self, job: str) -> JobRecord | None:
        """One job, with its source."""
        async with self._using() as database:
            found = await database["jobs"].find_one({"_id": job})
            return await self._with_source(database, found) if found else None

    async def output(self, job: str) -> Sequence[OutputRun]:
        """What a finished job wrote, as far as it was kept."""
        async with self._using() as database:
            body = await database["bodies"].find_one({"_id": job}, {"output": 1})
        return unpack_output(body["output"]) if body and body.get("output") else ()

    async def rooms(self) -> Sequence[RoomLine]:
        """All rooms, those first that were used last."""
        async with self._using() as database:
            rooms = await database["rooms"].find().sort("used_at", -1).to_list()
            return [
                RoomLine(
                    each["_id"],
                    each["language"],
                    each["used_at"],
                    await database["jobs"].count_documents({"room": each["_id"]}),
                )
                for each in rooms
            ]

    async def prune(self, retention: Retention, keep: frozenset[str]) -> int:
        """Delete what is old or too much."""
        now, deleted = time.time(), 0
        async with self._using() as database:
            if retention.jobs_seconds is not None:
                limit = now - retention.jobs_seconds
                deleted += await _delete_jobs(
                    database, {"verdict": {"$ne": None}, "submitted_at": {"$lt": limit}}
                )
            if retention.rooms_seconds is not None:
                deleted += await _delete_rooms(database, now - retention.rooms_seconds, keep)
            if retention.bytes_max is not None:
                deleted += await _delete_beyond(database, retention.bytes_max)
        return deleted

    async def check(self) -> Sequence[str]:
        """What is wrong with the data, a sentence each."""
        troubles: list[str] = []
        async with self._using() as database:
            async for job in database["jobs"].find():
                body = await database["bodies"].find_one({"_id": job["_id"]})
                try:
                    read_job(job)
                    unpack_source((body or {}).get("source", b""))
                    if body and body.get("output"):
                        unpack_output(body["output"])
                except (ValueError, KeyError, TypeError):
                    troubles.append(f"job {job['_id']} cannot be read")
            async for room in database["rooms"].find({}, {"_id": 1}):
                text = await self._text(database, room["_id"])
                places = [edit.index for edit in text.edits]
                if places != list(range(text.index + 1, text.index + 1 + len(places))):
                    troubles.append(f"edits of room {room['_id']} are missing")
        return troubles

    async def compact(self) -> None:
        """Give back the space of what was deleted, where the database lets us."""
        async with self._using() as database:
            for collection in ("jobs", "bodies", "edits", "texts"):
                with suppress(PyMongoError):  # needs a right of its own, and is not everywhere
                    await database.command("compact", collection)

    async def all_jobs(self) -> AsyncIterator[JobRecord]:
        """Every job with its source, in order."""
        async with self._using() as database:
            async for each in database["jobs"].find().sort("order", 1):
                yield await self._with_source(database, each)


def _query(room: str, wanted: Wanted) -> Document:
    query: Document = {"room": room}
    for field, value in (
        ("name", wanted.name),
        ("language", wanted.language),
        ("verdict", wanted.verdict),
    ):
        if value:
            query[field] = {"$eq": value}
    if wanted.text:
        pattern = {"$regex": re.escape(wanted.text), "$options": "i"}
        fields = ("excerpt", "title", "name", "explanation")
        query["$or"] = [{field: pattern} for field in fields]
    return query


async def _delete_jobs(database: writes.Database, which: Document) -> int:
    ids = [each["_id"] async for each in database["jobs"].find(which, {"_id": 1})]
    for start in range(0, len(ids), 1000):
        some = {"_id": {"$in": ids[start : start + 1000]}}
        await database["jobs"].delete_many(some)
        await database["bodies"].delete_many(some)
    return len(ids)


async def _delete_rooms(database: writes.Database, used_before: float, keep: frozenset[str]) -> int:
    deleted = 0
    old = database["rooms"].find({"used_at": {"$lt": used_before}}, {"_id": 1})
    for name in [each["_id"] async for each in old if each["_id"] not in keep]:
        if await database["jobs"].find_one({"room": name, "verdict": None}, {"_id": 1}):
            continue
        deleted += await _delete_jobs(database, {"room": name})
        for collection in ("members", "edits"):
            await database[collection].delete_many({"room": name})
        await database["texts"].delete_one({"_id": name})
        await database["rooms"].delete_one({"_id": name})
    return deleted


async def _delete_beyond(database: writes.Database, bytes_max: int) -> int:
    total = 0
    finished = {"verdict": {"$ne": None}}
    sizes = database["jobs"].find(finished, {"order": 1, "size": 1}).sort("order", -1)
    async for each in sizes:
        total += int(each["size"])
        if total > bytes_max:
            return await _delete_jobs(database, finished | {"order": {"$lte": each["order"]}})
    return 0
