"""Writes changes to the tables."""

import sqlite3

import msgspec

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
from codesync_server.store.contract import source_of
from codesync_server.store.job_size import ending_size, text_size
from codesync_server.store.packing import pack_output, pack_source
from codesync_server.store.search_key import SEPARATOR, fold, searchable


def apply(db: sqlite3.Connection, change: Change) -> bool:
    """Make a change.

    Returns:
        Whether it was made; not, if a job's id was known already.
    """
    match change:
        case SaveRoom(record=room):
            db.execute(
                "INSERT OR REPLACE INTO rooms VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    room.name,
                    room.text,
                    room.language,
                    room.invites_after,
                    room.made_at,
                    room.used_at,
                    room.editors_after,
                    room.server_dates_from,
                ),
            )
        case SaveMember():
            _save_member(db, change)
        case AddEdit(record=edit):
            db.execute(
                "INSERT OR IGNORE INTO edits VALUES (?, ?, ?, ?, ?, ?)",
                (change.room, change.history, edit.index, edit.key, edit.number, edit.data),
            )
        case SaveText():
            _save_text(db, change)
        case ForgetRoom():
            _forget_room(db, change.room)
        case AcceptJob():
            return _accept(db, change)
        case BeginJob():
            db.execute(
                "UPDATE jobs SET attempts = ?, shown = 0"
                " WHERE id = ? AND verdict IS NULL AND attempts < ?",
                (change.attempt, change.job, change.attempt),
            )
        case ShowJob():
            db.execute(
                "UPDATE jobs SET shown = 1 WHERE id = ? AND verdict IS NULL AND attempts = ?",
                (change.job, change.attempt),
            )
        case FinishJob():
            _finish(db, change)
        case ForgetJob():
            _forget(db, change)
    return True


def _save_member(db: sqlite3.Connection, change: SaveMember) -> None:
    member = change.record
    db.execute(
        "INSERT OR REPLACE INTO members VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            change.room,
            member.key,
            member.member,
            member.name,
            member.crdt,
            member.edits_taken,
            member.role,
            member.removed,
            member.seen_at,
            member.is_present,
            member.is_capped,
        ),
    )


def _save_text(db: sqlite3.Connection, change: SaveText) -> None:
    known = db.execute(
        "SELECT 1 FROM texts WHERE room = ? AND (history, edit) > (?, ?)",
        (change.room, change.history, change.index),
    ).fetchone()
    if known:
        return
    db.execute(
        "INSERT OR REPLACE INTO texts VALUES (?, ?, ?, ?)",
        (change.room, change.history, change.index, change.state),
    )
    db.execute(
        "DELETE FROM edits WHERE room = ? AND (history, edit) <= (?, ?)",
        (change.room, change.history, change.index),
    )


def _forget_room(db: sqlite3.Connection, name: str) -> None:
    done = db.execute(
        "DELETE FROM rooms WHERE name = ?"
        " AND NOT EXISTS (SELECT 1 FROM jobs WHERE room = rooms.name)"
        " AND NOT EXISTS (SELECT 1 FROM edits WHERE room = rooms.name)",
        (name,),
    )
    if done.rowcount:
        for table in ("members", "texts"):
            db.execute(f"DELETE FROM {table} WHERE room = ?", (name,))


def _accept(db: sqlite3.Connection, change: AcceptJob) -> bool:
    job = change.record
    source = pack_source(source_of(job)) if change.packed is None else change.packed
    search = searchable(job)
    size = len(source) + text_size(job.name, job.title, job.excerpt, search)
    done = db.execute(
        "INSERT INTO jobs VALUES"
        " (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, NULL, '', ?, ?, ?)"
        " ON CONFLICT (id) DO NOTHING",
        (
            job.order,
            job.id,
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
            size,
            search,
            job.invite,
        ),
    )
    if done.rowcount:
        db.execute("INSERT INTO sources VALUES (?, ?)", (job.order, source))
    return bool(done.rowcount)


def _forget(db: sqlite3.Connection, change: ForgetJob) -> None:
    done = db.execute(
        "DELETE FROM jobs WHERE id = ? AND ticket = ? AND verdict IS NULL RETURNING ord",
        (change.job, change.ticket),
    ).fetchone()
    if done:
        db.execute("DELETE FROM sources WHERE ord = ?", done)


def _finish(db: sqlite3.Connection, change: FinishJob) -> None:
    output = pack_output(change.output) if change.output else b""
    result = change.result
    done = db.execute(
        "UPDATE jobs SET verdict = ?, explanation = ?, result = ?, cancelled_by = ?,"
        " search = search || ?, size = size + ?"
        " WHERE id = ? AND verdict IS NULL RETURNING ord",
        (
            result.verdict,
            result.explanation,
            msgspec.msgpack.encode(result),
            change.cancelled_by,
            SEPARATOR + fold(result.explanation),
            len(output) + ending_size(result.explanation),
            change.job,
        ),
    ).fetchone()
    if done and output:
        db.execute("INSERT OR REPLACE INTO outputs VALUES (?, ?)", (done[0], output))
    if done and change.source is not None:
        source = pack_source(change.source)
        old = db.execute("SELECT length(data) FROM sources WHERE ord = ?", done).fetchone()[0]
        db.execute("UPDATE sources SET data = ? WHERE ord = ?", (source, done[0]))
        db.execute("UPDATE jobs SET size = size + ? WHERE ord = ?", (len(source) - old, done[0]))
