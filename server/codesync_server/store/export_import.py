"""Exports a store as lines of JSON, and imports it.

The first line says the format; each further one is a room or a job, bytes in base64 (RFC 4648).

An export is a file that anybody may have made, so an import gives it no power: no imported job
runs, and no imported member keeps a role.
"""

import time
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import BinaryIO

import msgspec

from codesync_protocol.verdict import Result, Verdict
from codesync_server.store.changes import (
    AcceptJob,
    AddEdit,
    Change,
    FinishJob,
    SaveMember,
    SaveRoom,
    SaveText,
)
from codesync_server.store.contract import SCHEMA, Store, all_room_names
from codesync_server.store.import_check import ExportedJob, ExportLine, check_import, lines
from codesync_server.store.records import MemberRecord, RoomRecord, StoredRoom

JOBS_AT_A_TIME = 5
NAMES_SHOWN = 10

IMPORTED = Result(Verdict.LOST, "the job had not ended when its store was exported")
"""How an imported job ended that has no result."""

_encoder = msgspec.json.Encoder()


class RoomsExist(Exception):
    """Rooms that are to be imported are there already; the message names them."""


async def export(store: Store) -> AsyncIterator[bytes]:
    """Give a whole store, line by line, each with its line end."""
    yield _encode(ExportLine(codesync_store=SCHEMA))
    rooms: set[str] = set()
    async for name in all_room_names(store):
        if room := await store.room(name):
            rooms.add(name)
            yield _encode(ExportLine(room=room))
    async for job in store.all_jobs():
        if job.room in rooms:  # not in one that was made meanwhile
            output = tuple(await store.output(job.id)) if job.result else ()
            yield _encode(ExportLine(job=ExportedJob(job, output)))


def _encode(line: ExportLine) -> bytes:
    return _encoder.encode(line) + b"\n"


async def import_lines(store: Store, file: BinaryIO) -> tuple[int, int]:
    """Put an export into a store; nothing that is there already is changed.

    Jobs without a result become lost instead of being queued. Members keep their names, and
    removed ones stay removed, but none has a role before an invite gives it one.

    A room counts as there when all its jobs are, so an import that was broken off can be begun
    again.

    Args:
        store: the store, open for writing.
        file: the export; it is read several times.

    Returns:
        How many rooms and jobs are new.

    Raises:
        InvalidExport: it is none; nothing is imported.
        RoomsExist: there are such rooms; nothing is imported.
        StoreUnavailable: the store cannot write.
    """
    rooms = check_import(file)
    if there := {name async for name in all_room_names(store) if name in rooms}:
        raise RoomsExist(_listed(sorted(there)))
    jobs = await _load_jobs(store, (line.job for line in lines(file) if line.job))
    for line in lines(file):
        if line.room is not None:
            await store.write(list(_room_changes(line.room)), surely=True)
    return len(rooms), jobs


def _listed(names: Sequence[str]) -> str:
    more = len(names) - NAMES_SHOWN
    return ", ".join(names[:NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")


async def _load_jobs(store: Store, exported: Iterator[ExportedJob]) -> int:
    order, count = await store.last_order(), 0
    while some := list(islice(exported, JOBS_AT_A_TIME)):
        new = [each for each in some if await store.job(each.job.id) is None]
        changes = [
            change
            for place, each in enumerate(new, order + 1)
            for change in _job_changes(each, place)
        ]
        await store.write(changes, surely=False)  # surely with their rooms
        order, count = order + len(new), count + len(new)
    return count


def _job_changes(exported: ExportedJob, order: int) -> Iterable[Change]:
    job = exported.job
    at = min(job.submitted_at, time.time())
    yield AcceptJob(replace(job, order=order, submitted_at=at, result=None, cancelled_by=""))
    yield FinishJob(job.id, job.result or IMPORTED, job.cancelled_by, exported.output)


def _room_changes(stored: StoredRoom) -> Iterable[Change]:
    name, text = stored.room.name, stored.text
    yield SaveRoom(_not_in_the_future(stored.room))
    for member in stored.members:
        yield SaveMember(name, _without_role(member))
    yield SaveText(name, text.history, text.index, text.state)
    for edit in text.edits:
        yield AddEdit(name, text.history, edit)


def _not_in_the_future(room: RoomRecord) -> RoomRecord:
    """A room whose times are past: else it would never be deleted, or never be entered."""
    now = time.time()
    return replace(
        room,
        invites_after=min(room.invites_after, now),
        editors_after=min(room.editors_after, now),
        server_dates_from=min(room.server_dates_from, now),
        made_at=min(room.made_at, now),
        used_at=min(room.used_at, now),
    )


def _without_role(member: MemberRecord) -> MemberRecord:
    """A member that has neither a role nor a CRDT id: two members must never have the same id."""
    return replace(
        member,
        role="",
        crdt=0,
        seen_at=min(member.seen_at, time.time()),
        is_present=False,
        is_capped=False,
    )
