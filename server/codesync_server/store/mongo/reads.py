"""Reads from the collections."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from codesync_server.store.contract import MEMBERS_KEPT
from codesync_server.store.mongo.documents import (
    Database,
    Document,
    read_edit,
    read_job,
    read_member,
    read_room,
)
from codesync_server.store.mongo.pruning import MEMBER_ORDER, orphans
from codesync_server.store.packing import unpack_output, unpack_source
from codesync_server.store.records import (
    JobPage,
    JobQuery,
    JobRecord,
    OutputRun,
    RoomSummary,
    StoredRoom,
    TextRecord,
)
from codesync_server.store.search_key import BEYOND, needle

WINDOW = 200
"""Jobs that are looked through at once for a page; more, the longer nothing is found."""

JOBS_AT_A_TIME = 100


async def last_order(database: Database) -> int:
    """The highest order that a job has; 0 for none."""
    found = await database["jobs"].find({}, {"order": 1}).sort("order", -1).limit(1).to_list()
    return int(found[0]["order"]) if found else 0


async def unfinished(database: Database, after: int, limit: int) -> list[JobRecord]:
    """The jobs without a result, with their sources, in their order."""
    wanted: dict[str, Any] = {"verdict": None, "order": {"$gt": after}}
    found = await database["jobs"].find(wanted).sort("order", 1).limit(limit).to_list()
    return await _with_sources(database, found)


async def _with_sources(database: Database, jobs: Sequence[Mapping[str, Any]]) -> list[JobRecord]:
    ids = [job["_id"] for job in jobs]
    bodies = database["bodies"].find({"_id": {"$in": ids}}, {"source": 1})
    sources = {body["_id"]: body["source"] async for body in bodies}
    # Decompressing takes longer than the event loop may be blocked.
    return await asyncio.to_thread(lambda: [read_job(job, sources.get(job["_id"])) for job in jobs])


async def room(database: Database, name: str) -> StoredRoom | None:
    """A room with its members and texts."""
    found = await database["rooms"].find_one({"_id": name})
    if found is None:
        return None
    members = database["members"].find({"room": name}).sort(MEMBER_ORDER)
    return StoredRoom(
        read_room(found),
        tuple(read_member(each) for each in await members.to_list(MEMBERS_KEPT)),
        await _text(database, name),
        await _last_place(database, name),
    )


async def _text(database: Database, name: str) -> TextRecord:
    while True:
        saved = await database["texts"].find_one({"_id": name})
        history, index, state = (
            (int(saved["history"]), int(saved["edit"]), saved["state"]) if saved else (1, 0, b"")
        )
        behind = {"room": name, "history": history, "edit": {"$gt": index}}
        edits = await database["edits"].find(behind).sort("edit", 1).to_list()
        places = [int(each["edit"]) for each in edits]
        is_whole = not places or places[0] == index + 1
        if is_whole or saved == await database["texts"].find_one({"_id": name}):
            return TextRecord(history, index, state, tuple(read_edit(each) for each in edits))
        # Somebody saved the text in one piece meanwhile, and so deleted edits that we have not.


async def _last_place(database: Database, name: str) -> int:
    jobs = database["jobs"].find({"room": name}, {"place": 1}).sort([("room", -1), ("place", -1)])
    found = await jobs.limit(1).to_list()
    return int(found[0]["place"]) if found else 0


async def jobs(
    database: Database,
    name: str,
    wanted: JobQuery,
    *,
    before: int,
    limit: int,
    searched: int,
) -> JobPage:
    """Search finished jobs, the latest first, without their sources.

    Looks at one stretch of places after the other, so that what has to be sorted is little. The few
    that have not ended are left out here: asked of the database, they would keep it from finding
    the rest by its index alone.
    """
    query = _query(name, wanted)
    if wanted.job:
        with_id = await _jobs_with_id(database, query, wanted.job, before, limit)
        return _page(with_id, limit, 0)
    lowest = await _lowest_place(database, name, before, searched) if wanted.is_search else 0
    found: list[JobRecord] = []
    top, window = before, WINDOW
    while len(found) < limit and top > lowest:
        query["place"] = {"$lt": top, "$gte": max(top - window, lowest)}
        wants = limit - len(found)
        rows = await database["jobs"].find(query).sort("place", -1).limit(wants).to_list()
        found += [read_job(each) for each in rows if each["verdict"] is not None]
        if len(rows) == wants:  # there may be more in this stretch
            top = int(rows[-1]["place"])
            continue
        if window == WINDOW and not rows:  # perhaps the room has never had so many
            top = min(top, window + 1 + await _last_place(database, name))
        top, window = top - window, 4 * window
    return _page(found, limit, lowest)


def _page(found: Sequence[JobRecord], limit: int, lowest: int) -> JobPage:
    return JobPage(found, found[-1].place if len(found) == limit else lowest)


async def _lowest_place(database: Database, name: str, before: int, searched: int) -> int:
    """Read the lowest place of the next jobs below one; 0 if there are no more than these."""
    below = database["jobs"].find({"room": name, "place": {"$lt": before}}, {"place": 1})
    found = await below.sort([("room", -1), ("place", -1)]).skip(searched - 1).limit(1).to_list()
    return int(found[0]["place"]) if found else 0


def _query(name: str, wanted: JobQuery) -> Document:
    query: Document = {"room": name}
    for field, value in (
        ("name", wanted.name),
        ("language", wanted.language),
        ("verdict", wanted.verdict),
    ):
        if value:
            query[field] = value  # a text, which is never read as an operator
    if wanted.text:
        pattern = {"$regex": re.escape(needle(wanted.text))}
        query["$or"] = [{"search": pattern}, {"search_result": pattern}]
    return query


async def _jobs_with_id(
    database: Database, query: Document, beginning: str, before: int, limit: int
) -> list[JobRecord]:
    """Those whose ids begin so: few, so they are found by their ids and sorted then."""
    query |= {"_id": {"$gte": beginning, "$lt": beginning + BEYOND}, "place": {"$lt": before}}
    query["verdict"] = query.get("verdict", {"$ne": None})
    likely = database["jobs"].find(query).hint([("_id", 1)]).sort("place", -1)
    return [read_job(each) for each in await likely.limit(limit).to_list()]


async def job(database: Database, job_id: str, *, with_source: bool) -> JobRecord | None:
    """One job."""
    found = await database["jobs"].find_one({"_id": job_id})
    if found is None:
        return None
    return (await _with_sources(database, [found]))[0] if with_source else read_job(found)


async def output(database: Database, job_id: str) -> Sequence[OutputRun]:
    """What a finished job wrote, as far as it was kept."""
    body = await database["bodies"].find_one({"_id": job_id}, {"output": 1})
    if not body or not body.get("output"):
        return ()
    return await asyncio.to_thread(unpack_output, body["output"])


async def rooms(database: Database, limit: int, after: RoomSummary | None) -> list[RoomSummary]:
    """One page of the rooms, those first that were used last."""
    behind: Document = {}
    if after is not None:
        same = {"used_at": after.used_at, "_id": {"$lt": after.name}}
        behind = {"$or": [{"used_at": {"$lt": after.used_at}}, same]}
    order = [("used_at", -1), ("_id", -1)]
    found = await database["rooms"].find(behind).sort(order).limit(limit).to_list()
    return [
        RoomSummary(
            each["_id"],
            each["language"],
            each["used_at"],
            await database["jobs"].count_documents({"room": each["_id"]}),
        )
        for each in found
    ]


async def room_names(database: Database, limit: int, after: str) -> list[str]:
    """One page of the names of all rooms, in alphabetical order."""
    behind = database["rooms"].find({"_id": {"$gt": after}}, {"_id": 1}).sort("_id", 1)
    return [str(each["_id"]) for each in await behind.limit(limit).to_list()]


async def all_jobs(database: Database) -> AsyncIterator[JobRecord]:
    """Every job with its source, in order; the reader may take its time."""
    order = 0
    while True:
        behind = database["jobs"].find({"order": {"$gt": order}}).sort("order", 1)
        found = await behind.limit(JOBS_AT_A_TIME).to_list()
        if not found:
            return
        for each in await _with_sources(database, found):
            yield each
        order = int(found[-1]["order"])


async def check(database: Database) -> list[str]:
    """What is wrong with the data, a sentence each."""
    troubles: list[str] = []
    async for each in database["jobs"].find():
        body = await database["bodies"].find_one({"_id": each["_id"]})
        try:
            read_job(each)
            unpack_source((body or {}).get("source", b""))
            if body and body.get("output"):
                unpack_output(body["output"])
        except (ValueError, KeyError, TypeError):
            troubles.append(f"job {each['_id']} cannot be read")
    lonely = await orphans(database)
    troubles += [f"the source of job {each} is there without the job" for each in lonely]
    async for each in database["rooms"].find({}, {"_id": 1}):
        text = await _text(database, each["_id"])
        places = [edit.index for edit in text.edits]
        if places != list(range(text.index + 1, text.index + 1 + len(places))):
            troubles.append(f"edits of room {each['_id']} are missing")
    return troubles
