"""Converts records to MongoDB documents, and back.

Ids are plain strings that we put together from checked names, so that nothing of anybody else's is
ever read as a query operator.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from bson.int64 import Int64
from pymongo.asynchronous.database import AsyncDatabase

from codesync_protocol.verdict import Result
from codesync_server.store.contract import source_of
from codesync_server.store.job_size import text_size
from codesync_server.store.packing import pack_source, unpack_source
from codesync_server.store.records import (
    EditRecord,
    JobRecord,
    MemberRecord,
    RoomRecord,
)
from codesync_server.store.search_key import SEPARATOR, fold

Document = dict[str, Any]
Database = AsyncDatabase[Document]


def plain(document: Mapping[str, Any]) -> Document:
    """A document as it was written: BSON's large numbers come back as a type of their own."""
    return {
        key: int(value) if isinstance(value, Int64) else value for key, value in document.items()
    }


def room_document(room: RoomRecord) -> Document:
    """A room."""
    return {
        "_id": room.name,
        "text": room.text,
        "language": room.language,
        "invites_after": room.invites_after,
        "made_at": room.made_at,
        "used_at": room.used_at,
        "editors_after": room.editors_after,
        "server_dates_from": room.server_dates_from,
    }


def read_room(document: Mapping[str, Any]) -> RoomRecord:
    """A room again."""
    fields = ("_id", "text", "language", "invites_after", "made_at", "used_at")
    later = ("editors_after", "server_dates_from")  # older layouts lack them
    room = plain(document)
    return RoomRecord(*(room[each] for each in fields), *(room.get(each, 0.0) for each in later))


def member_document(room: str, member: MemberRecord) -> Document:
    """A member of a room."""
    return {
        "_id": f"{room}/{member.key}",
        "room": room,
        "key": member.key,
        "member": member.member,
        "name": member.name,
        "crdt": member.crdt,
        "edits_taken": member.edits_taken,
        "role": member.role,
        "removed": member.removed,
        "seen_at": member.seen_at,
        "is_present": member.is_present,
        "is_capped": member.is_capped,
        "weight": member.weight,
    }


def read_member(document: Mapping[str, Any]) -> MemberRecord:
    """A member again."""
    fields = ("key", "member", "name", "crdt", "edits_taken", "role", "removed", "seen_at")
    later = {"is_present": False, "is_capped": False}  # layouts 5 and 6 lack them
    kept: Document = {**later, **plain(document)}
    return MemberRecord(**{each: kept[each] for each in (*fields, *later)})


def edit_document(room: str, history: int, edit: EditRecord) -> Document:
    """An edit of a room's texts."""
    return {
        "_id": f"{room}/{history}/{edit.index}",
        "room": room,
        "history": history,
        "edit": edit.index,
        "key": edit.key,
        "number": edit.number,
        "data": edit.data,
    }


def read_edit(document: Mapping[str, Any]) -> EditRecord:
    """An edit again."""
    return EditRecord(*(plain(document)[each] for each in ("edit", "key", "number", "data")))


_JOB = (
    "_id",
    "order",
    "room",
    "place",
    "owner",
    "member",
    "name",
    "language",
    "title",
    "submitted_at",
    "excerpt",
    "ticket",
    "attempts",
    "shown",
    "invite",
)


def job_documents(job: JobRecord, packed: bytes | None = None) -> tuple[Document, Document]:
    """An unfinished job, and what it runs, which lies apart so that lists are quick to read.

    Args:
        job: the job.
        packed: its packed source; None: it is packed here.
    """
    source = pack_source(source_of(job)) if packed is None else packed
    values = (
        job.id,
        job.order,
        job.room,
        job.place,
        job.owner,
        job.member,
        job.name,
        job.language,
        job.title,
        job.submitted_at,
        job.excerpt,
        job.ticket,
        job.attempts,
        job.shown,
        job.invite,
    )
    document = dict(zip(_JOB, values, strict=True))
    document |= {"verdict": None, "explanation": "", "cancelled_by": ""}
    document |= searched_fields(document)
    texts = text_size_of(document)
    document |= {"texts": texts, "size": len(source) + texts}
    return document, {"_id": job.id, "ticket": job.ticket, "source": source}


def searched_fields(job: Mapping[str, Any]) -> Document:
    """What of a job's document is searched: what is known at once, and how it ended."""
    known = (job["name"], job["title"], job["excerpt"])
    return {"search": fold(SEPARATOR.join(known)), "search_result": fold(job["explanation"])}


def text_size_of(job: Mapping[str, Any]) -> int:
    """Count the texts of a job's document."""
    known = (job["name"], job["title"], job["excerpt"], job["search"])
    return text_size(*known)


def read_job(document: Mapping[str, Any], source: bytes | None = None) -> JobRecord:
    """A job again."""
    known: Document = {"invite": "", **plain(document)}  # layout 3 had none
    fields = {("id" if each == "_id" else each): known[each] for each in (*_JOB, "cancelled_by")}
    result = document.get("result")
    fields["result"] = msgspec.msgpack.decode(result, type=Result) if result else None
    fields["source"] = unpack_source(source) if source is not None else None
    return JobRecord(**fields)
