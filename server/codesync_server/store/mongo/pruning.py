"""Deletes old and excess records in small steps, so that other writes can run."""

import time
from collections.abc import Collection, Sequence
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.cursor import AsyncCursor

from codesync_server.store.contract import ALL_JOBS, MEMBERS_KEPT, Retention
from codesync_server.store.largest_share import LargestShare, Part
from codesync_server.store.mongo.documents import Database, Document
from codesync_server.store.mongo.fence import Fence

_AT_A_TIME = 100
SHARE_INDEX = ("room", "invite", "order", "verdict", "size")
"""Of the jobs: sums and the oldest jobs are read from it alone."""

MEMBER_ORDER = [("weight", -1), ("seen_at", -1)]
"""Client keys are free to create: new ones must not displace those about whom hosts decided."""

_FINISHED = {"verdict": {"$ne": None}}


async def prune(
    database: Database, fence: Fence, retention: Retention, keep: Collection[str]
) -> int:
    """Delete what is old or too much.

    Returns:
        How many jobs were deleted.
    """
    now, deleted = time.time(), 0
    if retention.jobs_seconds is not None:
        old = {"submitted_at": {"$lt": now - retention.jobs_seconds}}
        deleted += await _delete_jobs(database, fence, old)
    if retention.rooms_seconds is not None:
        deleted += await _delete_rooms(database, fence, now - retention.rooms_seconds, keep)
    if retention.bytes_max is not None:
        deleted += (await prune_to(database, fence, retention.bytes_max, ALL_JOBS))[0]
    await _delete_forgotten_members(database, fence)
    await delete_orphans(database, fence)
    return deleted


async def finished_bytes(database: Database) -> int:
    """Sum up the bytes of the finished jobs."""
    sizes = await database["jobs"].aggregate(
        [{"$match": _FINISHED}, {"$group": {"_id": None, "all": {"$sum": "$size"}}}]
    )
    sums = await sizes.to_list(1)
    return int(sums[0]["all"]) if sums else 0


async def size_of(database: Database, jobs: Sequence[str]) -> int:
    """Sum up the bytes of some jobs."""
    found = database["jobs"].find({"_id": {"$in": list(jobs)}}, {"size": 1})
    return sum([int(each["size"]) async for each in found])


async def prune_to(database: Database, fence: Fence, bytes_max: int, jobs: int) -> tuple[int, int]:
    """Delete finished jobs as long as all have more than `bytes_max`.

    The oldest of the room that holds most go first, and in the room those of the invite that does.

    Returns:
        How many jobs were deleted, and the bytes that are left.
    """
    share = await _shares(database)
    oldest: dict[Part, AsyncCursor[Document]] = {}
    ids: list[str] = []
    while len(ids) < jobs and share.left > bytes_max and (part := share.next()):
        if part not in oldest:
            oldest[part] = _oldest(database, part, jobs - len(ids))
        job = await anext(oldest[part])
        ids.append(job["_id"])
        share.delete(int(job["size"]))
    for cursor in oldest.values():
        await cursor.close()
    for start in range(0, len(ids), _AT_A_TIME):
        await _delete(database, fence, ("jobs", "bodies"), ids[start : start + _AT_A_TIME])
    return len(ids), share.left


async def _shares(database: Database) -> LargestShare:
    part = {"room": "$room", "invite": {"$ifNull": ["$invite", ""]}}  # layout 3 had no invites
    sums = await database["jobs"].aggregate(
        [{"$match": _FINISHED}, {"$group": {"_id": part, "all": {"$sum": "$size"}}}],
        hint="_1_".join((*SHARE_INDEX, "")).rstrip("_"),
    )
    return LargestShare(
        [((each["_id"]["room"], each["_id"]["invite"]), int(each["all"])) async for each in sums]
    )


def _oldest(database: Database, part: Part, jobs: int) -> AsyncCursor[Document]:
    room, invite = part
    which = {"room": room, "invite": invite or {"$in": ["", None]}, **_FINISHED}
    return database["jobs"].find(which, {"size": 1}).sort("order", 1).limit(jobs)


async def _delete_forgotten_members(database: Database, fence: Fence) -> None:
    """Delete members beyond those that a room reads again: client keys are free to make."""
    members = database["members"]
    rooms = await members.aggregate(
        [
            {"$group": {"_id": "$room", "count": {"$sum": 1}}},
            {"$match": {"count": {"$gt": MEMBERS_KEPT}}},
        ]
    )
    for room in await rooms.to_list(None):
        latest = members.find({"room": room["_id"]}, {"_id": 1}).sort(MEMBER_ORDER)
        ids = [each["_id"] async for each in latest.skip(MEMBERS_KEPT)]
        for start in range(0, len(ids), _AT_A_TIME):
            await _delete(database, fence, ("members",), ids[start : start + _AT_A_TIME])


async def _delete_jobs(database: Database, fence: Fence, which: Document) -> int:
    """Delete those that have ended: few have not, so the database need not look for that."""
    found = database["jobs"].find(which, {"verdict": 1})
    ids = [each["_id"] async for each in found if each["verdict"] is not None]
    for start in range(0, len(ids), _AT_A_TIME):
        await _delete(database, fence, ("jobs", "bodies"), ids[start : start + _AT_A_TIME])
    return len(ids)


async def _delete(
    database: Database, fence: Fence, collections: Sequence[str], ids: Sequence[Any]
) -> None:
    async def delete(session: AsyncClientSession) -> None:
        for name in collections:
            await database[name].delete_many({"_id": {"$in": ids}}, session=session)

    await fence.write(delete)


async def _delete_rooms(
    database: Database, fence: Fence, used_before: float, keep: Collection[str]
) -> int:
    deleted = 0
    old = database["rooms"].find({"used_at": {"$lt": used_before}}, {"_id": 1})
    for name in [each["_id"] async for each in old if each["_id"] not in keep]:
        if await database["jobs"].find_one({"room": name, "verdict": None}, {"_id": 1}):
            continue
        deleted += await _delete_jobs(database, fence, {"room": name})
        await _delete_room(database, fence, name)
    return deleted


async def _delete_room(database: Database, fence: Fence, name: str) -> None:
    async def delete(session: AsyncClientSession) -> None:
        for collection in ("members", "edits"):
            await database[collection].delete_many({"room": name}, session=session)
        for collection in ("texts", "rooms"):
            await database[collection].delete_one({"_id": name}, session=session)

    await fence.write(delete)


async def delete_orphans(database: Database, fence: Fence) -> None:
    """Delete sources and outputs without a job, which layout 1 left behind."""
    jobs, bodies = database["jobs"], database["bodies"]
    if await bodies.estimated_document_count() <= await jobs.estimated_document_count():
        return
    ids = await orphans(database)
    for start in range(0, len(ids), _AT_A_TIME):
        await _delete(database, fence, ("bodies",), ids[start : start + _AT_A_TIME])


async def orphans(database: Database) -> list[str]:
    """Find the ids of sources and outputs without a job."""
    found: list[str] = []
    ids = [each["_id"] async for each in database["bodies"].find({}, {"_id": 1})]
    for start in range(0, len(ids), _AT_A_TIME):
        some = ids[start : start + _AT_A_TIME]
        known = database["jobs"].find({"_id": {"$in": some}}, {"_id": 1})
        found += set(some) - {each["_id"] async for each in known}
    return sorted(found)
