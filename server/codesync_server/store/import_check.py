"""Checks an import completely before anything is written.

An export is a file that anybody may have made. The types of the records say what each of them may
be; here is what they may be together, and what a job may run.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import BinaryIO, TypeVar, get_type_hints

import msgspec

from codesync_protocol.limits import (
    ARGS_COUNT_MAX,
    ARGS_MAX,
    CELLS_MAX,
    FILE_NAME_MAX,
    FILES_MAX,
    MIB,
    PREPARED_STDIN_MAX,
    SOURCE_MAX,
    STDIN_ECHO_MAX,
)
from codesync_server.configuration.limits import StageLimits
from codesync_server.configuration.setting_types import InvalidValue, SettingType
from codesync_server.languages.language import is_harmless_file_name
from codesync_server.store.contract import SCHEMA
from codesync_server.store.records import JobRecord, JobSource, OutputRun, StoredRoom

LINE_MAX = 64 * 1024 * 1024
"""Bytes; a room's text and a job's output are far less."""


LINES_MAX = 1_000_000
"""Rooms and jobs of one export."""

MEMBERS_MAX = 10_000
"""Members of one room."""

TEXT_MAX = 32 * MIB
"""Bytes of a room's texts: the saved state and all edits behind it."""

OUTPUT_MAX = 4 * MIB
"""Bytes that are kept of one job's output, with what was typed into it."""

RUNS_MAX = 2 * MIB
"""Pieces of one job's output: each has a byte at least."""


class InvalidExport(Exception):
    """What is to be imported is no export; says where and why."""


@dataclass(frozen=True, slots=True)
class ExportedJob:
    """A job with what it wrote."""

    job: JobRecord
    output: tuple[OutputRun, ...] = ()


class ExportLine(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=True):
    """One line of an export.

    Attributes:
        codesync_store: which layout it has; only in the first line.
        room: a room.
        job: a job.
    """

    codesync_store: int = 0
    room: StoredRoom | None = None
    job: ExportedJob | None = None


_T = TypeVar("_T")

_decoder = msgspec.json.Decoder(ExportLine)


def lines(file: BinaryIO) -> Iterator[ExportLine]:
    """Read an export from its beginning.

    Raises:
        InvalidExport: a line is none of an export.
    """
    file.seek(0)
    number = 0
    while text := file.readline(LINE_MAX + 1):
        number += 1
        yield _read(text, number)


def _read(text: bytes, number: int) -> ExportLine:
    if len(text) > LINE_MAX:
        raise InvalidExport(f"line {number}: it is too long")
    try:
        line = _decoder.decode(text)
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        raise InvalidExport(f"line {number}: {str(error)[:300]}") from None
    if number == 1 and not 1 <= line.codesync_store <= SCHEMA:
        raise InvalidExport("line 1: it is no export of codesync, or one of a later version")
    return line


def check_import(file: BinaryIO) -> frozenset[str]:
    """Read through an export.

    Returns:
        The names of its rooms.

    Raises:
        InvalidExport: it is none, or contradicts itself.
    """
    rooms: set[str] = set()
    jobs: set[str] = set()
    places: set[tuple[str, int]] = set()
    number = 0
    for number, line in enumerate(lines(file), 1):
        if number > LINES_MAX:
            raise InvalidExport(f"it has more than {LINES_MAX:,} lines")
        if line.room is not None:
            _note(line.room.room.name, rooms, f"line {number}: a room for the second time")
            _check_room(line.room, number)
        if line.job is not None:
            job = line.job.job
            _note(job.id, jobs, f"line {number}: a job for the second time")
            _note((job.room, job.place), places, f"line {number}: another job has this place")
            _check_source(job.source, number)
            _check_output(line.job.output, number)
    if not number:
        raise InvalidExport("it is empty")
    if lost := {room for room, _ in places} - rooms:
        raise InvalidExport(f"there are jobs of the room {min(lost)}, but not the room")
    return frozenset(rooms)


def _note(thing: _T, known: set[_T], complaint: str) -> None:
    if thing in known:
        raise InvalidExport(complaint)
    known.add(thing)


def _at_most(what: str, size: int, limit: int, number: int) -> None:
    if size > limit:
        raise InvalidExport(f"line {number}: {what}: {size:,}, at most {limit:,} are allowed")


def _check_room(stored: StoredRoom, number: int) -> None:
    text = stored.text
    _at_most("members", len(stored.members), MEMBERS_MAX, number)
    size = len(text.state) + sum(len(edit.data) for edit in text.edits)
    _at_most("bytes of its text", size, TEXT_MAX, number)


def _check_output(output: tuple[OutputRun, ...], number: int) -> None:
    """Members read it again in messages, which have bounds."""
    _at_most("pieces of output", len(output), RUNS_MAX, number)
    _at_most("bytes of output", sum(len(run.data) for run in output), OUTPUT_MAX, number)
    typed = max((len(run.data) for run in output if run.typed_by), default=0)
    _at_most("bytes of a typed line", typed, STDIN_ECHO_MAX, number)


def _check_source(source: JobSource | None, number: int) -> None:
    """Check what a job ran; members read it again in messages, which have bounds."""
    if source is None or not source.files:
        raise InvalidExport(f"line {number}: a job without what it ran")
    args = sum(map(len, source.args))
    _at_most("files", len(source.files), FILES_MAX, number)
    _at_most("bytes of source", sum(len(data) for _, data in source.files), SOURCE_MAX, number)
    _at_most("bytes of prepared stdin", len(source.prepared), PREPARED_STDIN_MAX, number)
    _at_most("arguments", len(source.args), ARGS_COUNT_MAX, number)
    _at_most("bytes of arguments", args, ARGS_MAX, number)
    _at_most("columns or rows", max(source.window), CELLS_MAX, number)
    _at_most(
        "characters of a file name",
        max(len(name) for name, _ in source.files),
        FILE_NAME_MAX,
        number,
    )
    if not all(is_harmless_file_name(name) for name, _ in source.files):
        raise InvalidExport(f"line {number}: a file may not be called so")
    if any(b"\0" in arg for arg in source.args):
        raise InvalidExport(
            f"line {number}: an argument holds a NUL byte, which no program can get"
        )
    if source.limits is not None:
        _check_limits(source.limits, number)


def _check_limits(limits: StageLimits, number: int) -> None:
    kinds = get_type_hints(StageLimits, include_extras=True)
    for limit in fields(StageLimits):
        kind: SettingType = kinds[limit.name].__metadata__[0]
        try:
            kind.parse(kind.format(getattr(limits, limit.name)))
        except InvalidValue as unfit:
            raise InvalidExport(f"line {number}: {limit.name}: {unfit}") from None
