"""The collections with their indexes, and upgrades of older layouts."""

from collections.abc import Sequence

from pymongo import ASCENDING, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession

from codesync_server.store.contract import SCHEMA, StoreMissing, StoreOutdated, StoreUnusable
from codesync_server.store.mongo.documents import (
    Database,
    read_member,
    searched_fields,
    text_size_of,
)
from codesync_server.store.mongo.fence import Fence
from codesync_server.store.mongo.pruning import SHARE_INDEX, delete_orphans

_COLLECTIONS = ("meta", "rooms", "members", "texts", "edits", "jobs", "bodies")

_INDEXES = (
    ("edits", ("room", "history", "edit")),
    ("members", ("room", "seen_at")),
    ("jobs", ("room", "place")),
    ("jobs", ("room", "name", "place")),
    ("jobs", ("room", "language", "place")),
    ("jobs", ("room", "verdict", "place")),
    ("jobs", ("verdict", "order")),
    ("jobs", ("order",)),
    ("jobs", ("verdict", "size")),
    ("jobs", SHARE_INDEX),
    ("jobs", ("submitted_at",)),
    ("rooms", ("used_at", "_id")),
)

_AT_A_TIME = 200
_COUNTED_AT_A_TIME = 50


async def check_version(database: Database, about: str) -> int:
    """Read which layout a database has; 0 for an empty one.

    Raises:
        StoreUnusable: it is a later one.
    """
    meta = await database["meta"].find_one({"_id": "schema"})
    version = int(meta["version"]) if meta else 0
    if version > SCHEMA:
        raise StoreUnusable(
            f"a later codesync wrote the store {about} (layout {version},"
            f" this one knows {SCHEMA}); install that CodeSync or a later one"
        )
    return version


def check_up_to_date(version: int, about: str) -> None:
    """Make sure that a database can be read as it is.

    Raises:
        StoreMissing: nothing is in it.
        StoreOutdated: it has an older layout.
    """
    if not version:
        raise StoreMissing(f"nothing is stored yet in {about}")
    if version < SCHEMA:
        raise StoreOutdated(
            f"an earlier codesync wrote the store {about} (layout {version}, this one reads"
            f" {SCHEMA}); a server that opens it, or codesync store compact, brings it up to date"
        )


async def bring_up_to_date(database: Database, fence: Fence, version: int) -> None:
    """Give an empty database its collections, and an older one what it lacks.

    Each part may be done twice: whoever is broken off leaves the rest to the next one.
    """
    there = await database.list_collection_names()
    for name in set(_COLLECTIONS) - set(there):
        # Transactions make none: not all versions of MongoDB let them.
        await database.create_collection(name)
    for name, fields in _INDEXES:
        await database[name].create_index([(field, ASCENDING) for field in fields])
    if version == 1:
        await _fold_what_is_searched(database, fence)
        await delete_orphans(database, fence)
    if version < 6:
        await _count_texts(database, fence)
    if version < 7:
        await _weigh_members(database, fence)
    schema = {"_id": "schema", "version": SCHEMA}
    meta = database["meta"]
    await fence.write(lambda s: meta.replace_one({"_id": "schema"}, schema, upsert=True, session=s))


async def _count_texts(database: Database, fence: Fence) -> None:
    """Count the texts of jobs as part of their size: once, since each then has the count."""
    fields = ("name", "title", "excerpt", "search")
    while rows := await database["jobs"].find({"texts": None}, fields).to_list(_COUNTED_AT_A_TIME):
        counts = [(row["_id"], text_size_of(row)) for row in rows]
        await _update(
            database,
            fence,
            "jobs",
            [
                UpdateOne({"_id": job, "texts": None}, {"$set": {"texts": n}, "$inc": {"size": n}})
                for job, n in counts
            ],
        )


async def _weigh_members(database: Database, fence: Fence) -> None:
    """Store the weight of each member, by which they are sorted."""
    members = database["members"]
    while rows := await members.find({"weight": None}).to_list(_AT_A_TIME):
        weights = [(row["_id"], read_member(row).weight) for row in rows]
        updates = [UpdateOne({"_id": each}, {"$set": {"weight": n}}) for each, n in weights]
        await _update(database, fence, "members", updates)


async def _fold_what_is_searched(database: Database, fence: Fence) -> None:
    jobs = database["jobs"]
    fields = ("name", "title", "excerpt", "explanation")
    while rows := await jobs.find({"search": None}, fields).to_list(_AT_A_TIME):
        updates = [UpdateOne({"_id": row["_id"]}, {"$set": searched_fields(row)}) for row in rows]
        await _update(database, fence, "jobs", updates)


async def _update(
    database: Database, fence: Fence, collection: str, updates: Sequence[UpdateOne]
) -> None:
    async def write(session: AsyncClientSession) -> None:
        await database[collection].bulk_write(updates, session=session)

    await fence.write(write)
