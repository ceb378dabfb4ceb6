"""Writes changes to the collections, within one transaction.

None of them may fail for what is there already: that ends a transaction. So what is new is put in
as new, which is quick; and if something of it was there, everything is done once more, leaving that
as it is.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial

import msgspec
from pymongo import DeleteMany, DeleteOne, InsertOne, ReplaceOne, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import BulkWriteError

from codesync_server.store.changes import (
    AcceptJob,
    AddEdit,
    BeginJob,
    Change,
    FinishJob,
    ForgetJob,
    ForgetRoom,
    SaveMember,
    SaveRoom,
    SaveText,
    ShowJob,
)
from codesync_server.store.job_size import ending_size
from codesync_server.store.mongo.documents import (
    Database,
    Document,
    edit_document,
    job_documents,
    member_document,
    room_document,
)
from codesync_server.store.mongo.fence import Fence
from codesync_server.store.packing import pack_output, pack_source
from codesync_server.store.search_key import fold

Operation = InsertOne[Document] | ReplaceOne[Document] | UpdateOne | DeleteOne | DeleteMany
_Put = tuple[str, Operation]

_DUPLICATE_KEY = 11000


async def write(database: Database, fence: Fence, changes: Sequence[Change]) -> list[str]:
    """Make changes, all or none.

    Returns:
        The ids of the jobs that were to be accepted and are known already.
    """
    try:
        return await fence.write(lambda s: _apply(database, s, changes, again=False))
    except BulkWriteError as error:
        errors = (error.details or {}).get("writeErrors", [])
        if not errors or any(each.get("code") != _DUPLICATE_KEY for each in errors):
            raise
    return await fence.write(lambda s: _apply(database, s, changes, again=True))


async def _apply(
    database: Database, session: AsyncClientSession, changes: Sequence[Change], *, again: bool
) -> list[str]:
    """Make changes: for each collection its own, in their order, in one request."""
    operations: defaultdict[str, list[Operation]] = defaultdict(list)
    accepted: dict[int, str] = {}
    for change in changes:
        if isinstance(change, ForgetRoom) and await _is_used(database, session, change.room):
            continue
        if isinstance(change, AcceptJob):
            accepted[len(operations["jobs"])] = change.record.id
        # Compressing 11 MiB of sources and input takes longer than the event loop may be blocked.
        is_large = isinstance(change, AcceptJob | FinishJob)
        texts = 0
        if isinstance(change, FinishJob) and change.source is not None:
            texts = await _text_size(database, session, change.job)
        make = partial(_operations_of, change, again=again, texts=texts)
        made = await asyncio.to_thread(make) if is_large else make()
        for name, operation in made:
            operations[name].append(operation)
    known: list[str] = []
    for name, some in operations.items():
        done = await database[name].bulk_write(some, session=session)
        if again and name == "jobs":
            fresh = done.upserted_ids or {}
            known = [job for place, job in accepted.items() if place not in fresh]
    return known


async def _is_used(database: Database, session: AsyncClientSession, room: str) -> bool:
    """Tell whether a room has jobs or edits."""
    for name in ("jobs", "edits"):
        if await database[name].find_one({"room": room}, {"_id": 1}, session=session):
            return True
    return False


async def _text_size(database: Database, session: AsyncClientSession, job: str) -> int:
    """Read how many bytes of a job's size are texts; 0 if there is no such job."""
    found = await database["jobs"].find_one({"_id": job}, {"texts": 1}, session=session)
    return int(found["texts"]) if found else 0


def _operations_of(change: Change, *, again: bool, texts: int) -> list[_Put]:
    return list(_operations(change, again=again, texts=texts))


def _operations(change: Change, *, again: bool, texts: int) -> Iterator[_Put]:
    match change:
        case SaveRoom(record=room):
            yield "rooms", ReplaceOne({"_id": room.name}, room_document(room), upsert=True)
        case SaveMember(room=name, record=member):
            document = member_document(name, member)
            yield "members", ReplaceOne({"_id": document["_id"]}, document, upsert=True)
        case AddEdit(room=name, history=history, record=edit):
            yield "edits", _new(edit_document(name, history, edit), again=again)
        case SaveText():
            yield from _save_text(change)
        case ForgetRoom(room=name):
            yield "rooms", DeleteOne({"_id": name})
            yield "members", DeleteMany({"room": name})
            yield "texts", DeleteOne({"_id": name})
        case AcceptJob(record=record, packed=packed):
            job, body = job_documents(record, packed)
            yield "jobs", _new(job, again=again)
            yield "bodies", _new(body, again=again)
        case BeginJob():
            fresh = {"attempts": {"$lt": change.attempt}}
            begun = {"$set": {"attempts": change.attempt, "shown": False}}
            yield "jobs", UpdateOne(_unfinished(change.job) | fresh, begun)
        case ShowJob():
            same = {"attempts": change.attempt}
            yield "jobs", UpdateOne(_unfinished(change.job) | same, {"$set": {"shown": True}})
        case FinishJob():
            yield from _finish(change, texts)
        case ForgetJob():
            ours = {"ticket": change.ticket}
            yield "jobs", DeleteOne(_unfinished(change.job) | ours)
            yield "bodies", DeleteOne(_unwritten(change.job) | ours)


def _new(document: Document, *, again: bool) -> Operation:
    if again:
        return UpdateOne({"_id": document["_id"]}, {"$setOnInsert": document}, upsert=True)
    return InsertOne(document)


def _unfinished(job: str) -> Document:
    return {"_id": job, "verdict": None}


def _unwritten(job: str) -> Document:
    """What an unfinished job runs: it has no output yet, not even an empty one."""
    return {"_id": job, "output": None}


def _save_text(change: SaveText) -> Iterator[_Put]:
    name, history, index = change.room, change.history, change.index
    older = {
        "_id": name,
        "$or": [
            {"history": {"$lt": history}},
            {"history": history, "edit": {"$lte": index}},
        ],
    }
    text = {"_id": name, "history": history, "edit": index, "state": change.state}
    yield "texts", _new(text, again=True)
    yield "texts", ReplaceOne(older, text)
    yield "edits", DeleteMany({"room": name, "history": {"$lt": history}})
    yield "edits", DeleteMany({"room": name, "history": history, "edit": {"$lte": index}})


def _finish(change: FinishJob, texts: int) -> Iterator[_Put]:
    output = pack_output(change.output) if change.output else b""
    added = len(output) + ending_size(change.result.explanation)
    ended = {
        "verdict": str(change.result.verdict),
        "explanation": change.result.explanation,
        "search_result": fold(change.result.explanation),
        "result": msgspec.msgpack.encode(change.result),
        "cancelled_by": change.cancelled_by,
    }
    body: Document = {"output": output}
    if change.source is None:
        update: Document = {"$set": ended, "$inc": {"size": added}}
    else:
        body["source"] = pack_source(change.source)
        update = {"$set": {**ended, "size": texts + len(body["source"]) + added}}
    yield "jobs", UpdateOne(_unfinished(change.job), update)
    yield "bodies", UpdateOne(_unwritten(change.job), {"$set": body})
