"""A whole store as lines of JSON, and back: for moving, and for keeping copies.

The first line says the format; each further one is a room or a job, bytes in base64 (RFC 4648).
"""

from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, replace

import msgspec

from codesync_server.store.changes import (
    AcceptJob,
    AddEdit,
    Change,
    FinishJob,
    SaveMember,
    SaveRoom,
    SaveText,
)
from codesync_server.store.contract import SCHEMA, Store
from codesync_server.store.records import JobRecord, KeptRoom, OutputRun


class BadExport(Exception):
    """What is to be imported is no export; says where and why."""


@dataclass(frozen=True, slots=True)
class ExportedJob:
    """A job with what it wrote."""

    job: JobRecord
    output: tuple[OutputRun, ...] = ()


class _Line(msgspec.Struct, omit_defaults=True):
    codesync_store: int = 0
    room: KeptRoom | None = None
    job: ExportedJob | None = None


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(_Line)


async def export(store: Store) -> AsyncIterator[bytes]:
    """Give a whole store, line by line, each with its line end."""
    yield _encode(_Line(codesync_store=SCHEMA))
    for line in await store.rooms():
        if room := await store.room(line.name):
            yield _encode(_Line(room=room))
    async for job in store.all_jobs():
        output = tuple(await store.output(job.id)) if job.result else ()
        yield _encode(_Line(job=ExportedJob(job, output)))


def _encode(line: _Line) -> bytes:
    return _encoder.encode(line) + b"\n"


async def load(store: Store, lines: Iterable[bytes]) -> tuple[int, int]:
    """Put an export into a store. What is there already stays as it is, apart from rooms.

    Args:
        store: the store, open for writing.
        lines: the export.

    Returns:
        How many rooms and jobs were in it.

    Raises:
        BadExport: it is none.
        StoreDown: the store cannot write.
    """
    rooms = jobs = 0
    order = await store.last_order()
    for number, line in enumerate(lines, 1):
        read = _read(line, number)
        if read.room is not None:
            await store.write(list(_room_changes(read.room)), surely=False)
            rooms += 1
        if read.job is not None:
            order += 1
            await store.write(list(_job_changes(read.job, order)), surely=True)
            jobs += 1
    return rooms, jobs


def _read(line: bytes, number: int) -> _Line:
    try:
        read = _decoder.decode(line)
    except msgspec.MsgspecError as error:
        raise BadExport(f"line {number}: {error}") from None
    if number == 1 and not 1 <= read.codesync_store <= SCHEMA:
        raise BadExport("line 1: it is no export of codesync, or one of a later version")
    if read.job is not None and read.job.job.source is None:
        raise BadExport(f"line {number}: a job without what it ran")
    return read


def _room_changes(kept: KeptRoom) -> Iterator[Change]:
    name, text = kept.room.name, kept.text
    yield SaveRoom(kept.room)
    for member in kept.members:
        yield SaveMember(name, member)
    yield SaveText(name, text.history, text.index, text.state)
    for edit in text.edits:
        yield AddEdit(name, text.history, edit)


def _job_changes(exported: ExportedJob, order: int) -> Iterator[Change]:
    job = exported.job
    yield AcceptJob(replace(job, order=order, result=None, cancelled_by=""))
    if job.result is not None:
        yield FinishJob(job.id, job.result, job.cancelled_by, exported.output)
