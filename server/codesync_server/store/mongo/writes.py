"""What each change does to the collections."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import msgspec
from pymongo import DeleteMany, DeleteOne, InsertOne, ReplaceOne, UpdateOne
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError

from codesync_server.store.changes import (
    AcceptJob,
    AddEdit,
    BeginJob,
    Change,
    FinishJob,
    ForgetJob,
    SaveMember,
    SaveRoom,
    SaveText,
    ShowJob,
)
from codesync_server.store.mongo.documents import (
    Document,
    edit_document,
    job_documents,
    member_document,
    room_document,
)
from codesync_server.store.packing import pack_output

Database = AsyncDatabase[Document]
Operation = InsertOne[Document] | ReplaceOne[Document] | UpdateOne | DeleteOne | DeleteMany

_DUPLICATE_KEY = 11000


@dataclass(frozen=True, slots=True)
class _Step:
    """One operation on one collection.

    Attributes:
        collection: its name.
        operation: what is done.
        may_be_there: a document of that id may be there already, and then stays as it is.
    """

    collection: str
    operation: Operation
    may_be_there: bool = False


async def apply(database: Database, changes: Sequence[Change]) -> list[str]:
    """Make changes in their order, as many as possible in one request.

    Returns:
        The ids of the jobs that were to be accepted and are known already.
    """
    known: list[str] = []
    steps = [step for change in changes for step in _steps(change)]
    for (name, may_be_there), run in groupby(steps, lambda s: (s.collection, s.may_be_there)):
        # None of those that may be there depends on another: one that is does not stop the rest.
        operations = [step.operation for step in run]
        try:
            await database[name].bulk_write(operations, ordered=not may_be_there)
        except BulkWriteError as error:
            duplicates = _duplicates(error.details or {}, allowed=may_be_there)
            if duplicates is None:
                raise
            known += duplicates if name == "jobs" else []
    return known


def _duplicates(details: Mapping[str, Any], *, allowed: bool) -> list[str] | None:
    errors = details.get("writeErrors", [])
    others = any(each.get("code") != _DUPLICATE_KEY for each in errors)
    if not allowed or others or details.get("writeConcernErrors"):
        return None
    return [str(each["op"]["_id"]) for each in errors if "_id" in each.get("op", {})]


def _steps(change: Change) -> Iterator[_Step]:
    match change:
        case SaveRoom(record=room):
            yield _Step("rooms", ReplaceOne({"_id": room.name}, room_document(room), upsert=True))
        case SaveMember(room=name, record=member):
            document = member_document(name, member)
            yield _Step("members", ReplaceOne({"_id": document["_id"]}, document, upsert=True))
        case AddEdit(room=name, history=history, record=edit):
            yield _Step("edits", InsertOne(edit_document(name, history, edit)), may_be_there=True)
        case SaveText():
            yield from _save_text(change)
        case AcceptJob(record=record):
            job, body = job_documents(record)
            # What it runs comes first: a job that is there has all that belongs to it.
            yield _Step("bodies", InsertOne(body), may_be_there=True)
            yield _Step("jobs", InsertOne(job), may_be_there=True)
        case BeginJob():
            fresh = {"attempts": {"$lt": change.attempt}}
            begun = {"$set": {"attempts": change.attempt, "shown": False}}
            yield _Step("jobs", UpdateOne(_unfinished(change.job) | fresh, begun))
        case ShowJob():
            same = {"attempts": change.attempt}
            yield _Step(
                "jobs", UpdateOne(_unfinished(change.job) | same, {"$set": {"shown": True}})
            )
        case FinishJob():
            yield from _finish(change)
        case ForgetJob(job=job_id):
            yield _Step("jobs", DeleteOne(_unfinished(job_id)))


def _unfinished(job: str) -> Document:
    return {"_id": job, "verdict": None}


def _save_text(change: SaveText) -> Iterator[_Step]:
    name, history, index = change.room, change.history, change.index
    older = {
        "_id": name,
        "$or": [
            {"history": {"$lt": history}},
            {"history": history, "edit": {"$lte": index}},
        ],
    }
    text = {"_id": name, "history": history, "edit": index, "state": change.state}
    yield _Step("texts", ReplaceOne(older, text, upsert=True), may_be_there=True)
    yield _Step("edits", DeleteMany({"room": name, "history": {"$lt": history}}))
    yield _Step("edits", DeleteMany({"room": name, "history": history, "edit": {"$lte": index}}))


def _finish(change: FinishJob) -> Iterator[_Step]:
    output = pack_output(change.output) if change.output else b""
    if output:
        yield _Step("bodies", UpdateOne({"_id": change.job}, {"$set": {"output": output}}))
    ended = {
        "verdict": str(change.result.verdict),
        "explanation": change.result.explanation,
        "result": msgspec.msgpack.encode(change.result),
        "cancelled_by": change.cancelled_by,
    }
    yield _Step(
        "jobs", UpdateOne(_unfinished(change.job), {"$set": ended, "$inc": {"size": len(output)}})
    )
