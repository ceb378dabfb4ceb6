"""Reads from the tables."""

import sqlite3
from collections.abc import Sequence
from typing import Any

import msgspec

from codesync_protocol.verdict import Result
from codesync_server.store.contract import MEMBERS_KEPT
from codesync_server.store.packing import unpack_output, unpack_source
from codesync_server.store.records import (
    EditRecord,
    JobPage,
    JobQuery,
    JobRecord,
    MemberRecord,
    OutputRun,
    RoomRecord,
    RoomSummary,
    StoredRoom,
    TextRecord,
)
from codesync_server.store.search_key import BEYOND, needle

_FIELDS = (
    *("id", "order", "room", "place", "owner", "member", "name", "language", "title"),
    *("submitted_at", "excerpt", "ticket", "attempts", "shown", "cancelled_by", "invite"),
)
"""Of a JobRecord; the columns have the same names, but for `order`, which is a word of SQL."""

_MEMBER = (
    *("key", "member", "name", "crdt", "edits_taken", "role", "removed", "seen_at"),
    *("is_present", "is_capped"),
)

MEMBER_ORDER = (
    "removed != '' OR (role != '' AND NOT is_capped) DESC, edits_taken > 0 DESC, seen_at DESC"
)
"""By the weight of a MemberRecord. Client keys are free to create: new ones must not displace
those about whom hosts decided."""

_JOB = ", ".join(("ord" if each == "order" else each) for each in _FIELDS) + ", result"


def last_order(db: sqlite3.Connection) -> int:
    """The highest order that a job has; 0 for none."""
    return int(db.execute("SELECT coalesce(max(ord), 0) FROM jobs").fetchone()[0])


def unfinished(db: sqlite3.Connection, after: int, limit: int) -> list[JobRecord]:
    """The jobs without a result, with their sources, in their order."""
    rows = db.execute(
        f"SELECT {_JOB}, data FROM jobs JOIN sources USING (ord)"
        " WHERE verdict IS NULL AND ord > ? ORDER BY ord LIMIT ?",
        (after, limit),
    )
    return [_job(row) for row in rows]


def room(db: sqlite3.Connection, name: str) -> StoredRoom | None:
    """A room with its members and texts."""
    found = db.execute("SELECT * FROM rooms WHERE name = ?", (name,)).fetchone()
    if found is None:
        return None
    members = db.execute(
        f"SELECT {', '.join(_MEMBER)} FROM members WHERE room = ? ORDER BY {MEMBER_ORDER} LIMIT ?",
        (name, MEMBERS_KEPT),
    )
    jobs = db.execute("SELECT coalesce(max(place), 0) FROM jobs WHERE room = ?", (name,))
    return StoredRoom(
        RoomRecord(*found),
        tuple(_member(row) for row in members),
        _text(db, name),
        int(jobs.fetchone()[0]),
    )


def _member(row: Sequence[Any]) -> MemberRecord:
    kept = dict(zip(_MEMBER, row, strict=True))
    kept["is_present"], kept["is_capped"] = bool(kept["is_present"]), bool(kept["is_capped"])
    return MemberRecord(**kept)


def _text(db: sqlite3.Connection, name: str) -> TextRecord:
    saved = db.execute("SELECT history, edit, state FROM texts WHERE room = ?", (name,)).fetchone()
    history, index, state = saved or (1, 0, b"")
    edits = db.execute(
        "SELECT edit, key, number, data FROM edits"
        " WHERE room = ? AND history = ? AND edit > ? ORDER BY edit",
        (name, history, index),
    )
    return TextRecord(history, index, state, tuple(EditRecord(*row) for row in edits))


def jobs(
    db: sqlite3.Connection,
    name: str,
    wanted: JobQuery,
    *,
    before: int,
    limit: int,
    searched: int,
) -> JobPage:
    """Search finished jobs, the latest first, without their sources."""
    lowest = _lowest_place(db, name, before, searched) if wanted.is_search else 0
    conditions = ["room = ?", "place < ?", "place >= ?", "verdict IS NOT NULL"]
    values = list[Any]([name, before, lowest])
    if wanted.job:  # few begin so: they are found by their ids, not among all those of the room
        conditions[0] = "+room = ?"
        conditions.append("id >= ? AND id < ?")
        values += [wanted.job, wanted.job + BEYOND]
    for column, value in (
        ("name", wanted.name),
        ("language", wanted.language),
        ("verdict", wanted.verdict),
    ):
        if value:
            conditions.append(f"{column} = ?")
            values.append(value)
    if wanted.text:
        conditions.append("instr(search, ?)")
        values.append(needle(wanted.text))
    rows = db.execute(
        f"SELECT {_JOB}, NULL FROM jobs WHERE {' AND '.join(conditions)}"
        " ORDER BY place DESC LIMIT ?",
        (*values, limit),
    )
    found = [_job(row) for row in rows]
    return JobPage(found, found[-1].place if len(found) == limit else lowest)


def _lowest_place(db: sqlite3.Connection, name: str, before: int, searched: int) -> int:
    """Read the lowest place of the next jobs below one; 0 if there are no more than these."""
    row = db.execute(
        "SELECT place FROM jobs WHERE room = ? AND place < ? ORDER BY place DESC LIMIT 1 OFFSET ?",
        (name, before, searched - 1),
    ).fetchone()
    return int(row[0]) if row else 0


def job(db: sqlite3.Connection, job_id: str, *, with_source: bool) -> JobRecord | None:
    """One job."""
    what = "data FROM jobs JOIN sources USING (ord)" if with_source else "NULL FROM jobs"
    row = db.execute(f"SELECT {_JOB}, {what} WHERE id = ?", (job_id,)).fetchone()
    return _job(row) if row else None


def jobs_after(db: sqlite3.Connection, order: int, limit: int) -> list[JobRecord]:
    """Jobs with their sources, in order."""
    rows = db.execute(
        f"SELECT {_JOB}, data FROM jobs JOIN sources USING (ord)"
        " WHERE ord > ? ORDER BY ord LIMIT ?",
        (order, limit),
    )
    return [_job(row) for row in rows]


def output(db: sqlite3.Connection, job_id: str) -> Sequence[OutputRun]:
    """What a finished job wrote, as far as it was kept."""
    row = db.execute(
        "SELECT data FROM outputs JOIN jobs USING (ord) WHERE id = ?", (job_id,)
    ).fetchone()
    return unpack_output(row[0]) if row else ()


def rooms(db: sqlite3.Connection, limit: int, after: RoomSummary | None) -> list[RoomSummary]:
    """One page of the rooms, those first that were used last."""
    where, values = "", list[Any]()
    if after is not None:
        where, values = "WHERE (used_at, name) < (?, ?)", [after.used_at, after.name]
    rows = db.execute(
        "SELECT name, language, used_at,"
        " (SELECT count(*) FROM jobs WHERE room = rooms.name)"
        f" FROM rooms {where} ORDER BY used_at DESC, name DESC LIMIT ?",
        (*values, limit),
    )
    return [RoomSummary(*row) for row in rows]


def room_names(db: sqlite3.Connection, limit: int, after: str) -> list[str]:
    """One page of the names of all rooms, in alphabetical order."""
    rows = db.execute("SELECT name FROM rooms WHERE name > ? ORDER BY name LIMIT ?", (after, limit))
    return [str(name) for (name,) in rows]


def room_count(db: sqlite3.Connection) -> int:
    """How many rooms there are."""
    return int(db.execute("SELECT count(*) FROM rooms").fetchone()[0])


def check(db: sqlite3.Connection) -> list[str]:
    """What is wrong with the data, a sentence each."""
    found = [str(row[0]) for row in db.execute("PRAGMA integrity_check")]
    troubles = [] if found == ["ok"] else found
    for what, query in (
        ("source", "SELECT id, data, NULL FROM jobs LEFT JOIN sources USING (ord)"),
        ("output", "SELECT id, NULL, data FROM outputs LEFT JOIN jobs USING (ord)"),
        ("result", "SELECT id, NULL, NULL, result FROM jobs WHERE verdict IS NOT NULL"),
    ):
        for name, *data in db.execute(query):
            try:
                _read_back(what, data)
            except (ValueError, TypeError, msgspec.MsgspecError):
                troubles.append(f"the {what} of job {name} cannot be read")
    gaps = db.execute(
        "SELECT e.room, count(*), max(e.edit) - coalesce(t.edit, 0) FROM edits e"
        " LEFT JOIN texts t ON t.room = e.room"
        " WHERE e.history = coalesce(t.history, 1) AND e.edit > coalesce(t.edit, 0)"
        " GROUP BY e.room"
    )
    troubles += [f"edits of room {name} are missing" for name, has, spans in gaps if has != spans]
    return troubles


def _read_back(what: str, data: list[bytes | None]) -> None:
    if what == "source":
        unpack_source(data[0] or b"")
    elif what == "output":
        unpack_output(data[1] or b"")
    else:
        msgspec.msgpack.decode(data[2] or b"", type=Result)


def _job(row: Sequence[Any]) -> JobRecord:
    fields = dict(zip(_FIELDS, row, strict=False))
    result, source = row[len(_FIELDS) :]
    fields["shown"] = bool(fields["shown"])
    fields["result"] = msgspec.msgpack.decode(result, type=Result) if result else None
    fields["source"] = unpack_source(source) if source else None
    return JobRecord(**fields)
