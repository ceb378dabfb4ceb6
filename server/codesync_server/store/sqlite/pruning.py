"""Deletes old and excess records."""

import sqlite3
import time
from collections.abc import Collection

from codesync_server.store.contract import ALL_JOBS, MEMBERS_KEPT, Retention
from codesync_server.store.largest_share import LargestShare
from codesync_server.store.sqlite.reads import MEMBER_ORDER

_FINISHED = "verdict IS NOT NULL"


def prune(db: sqlite3.Connection, retention: Retention, keep: Collection[str]) -> int:
    """Delete what is old or too much, within a transaction of the caller's.

    Returns:
        How many jobs were deleted.
    """
    now, before = time.time(), _count(db)
    if retention.jobs_seconds is not None:
        _delete(db, f"{_FINISHED} AND submitted_at < ?", now - retention.jobs_seconds)
    if retention.rooms_seconds is not None:
        _delete_rooms(db, now - retention.rooms_seconds, keep)
    _delete_forgotten_members(db)
    if retention.bytes_max is not None:
        prune_to(db, retention.bytes_max, ALL_JOBS)
    return before - _count(db)


def finished_bytes(db: sqlite3.Connection) -> int:
    """Sum up the bytes of the finished jobs."""
    found = db.execute(f"SELECT coalesce(sum(size), 0) FROM jobs WHERE {_FINISHED}")
    return int(found.fetchone()[0])


def size_of(db: sqlite3.Connection, jobs: Collection[str]) -> int:
    """Sum up the bytes of some jobs."""
    return sum(
        int(row[0])
        for job in jobs
        for row in db.execute("SELECT size FROM jobs WHERE id = ?", (job,))
    )


def prune_to(db: sqlite3.Connection, bytes_max: int, jobs: int) -> tuple[int, int]:
    """Delete finished jobs as long as all have more than `bytes_max`.

    The oldest of the room that holds most go first, and in the room those of the invite that does.

    Returns:
        How many jobs were deleted, and the bytes that are left.
    """
    share = LargestShare(
        ((room, invite), int(size))
        for room, invite, size in db.execute(
            f"SELECT room, invite, sum(size) FROM jobs WHERE {_FINISHED} GROUP BY room, invite"
        )
    )
    deleted = 0
    while deleted < jobs and share.left > bytes_max and (part := share.next()):
        order, size = db.execute(
            f"SELECT ord, size FROM jobs WHERE {_FINISHED} AND room = ? AND invite = ?"
            " ORDER BY ord LIMIT 1",
            part,
        ).fetchone()
        _delete(db, "ord = ?", order)
        share.delete(int(size))
        deleted += 1
    return deleted, share.left


def _delete_forgotten_members(db: sqlite3.Connection) -> None:
    """Delete members beyond those that a room reads again: client keys are free to make."""
    db.execute(
        "DELETE FROM members WHERE (room, key) IN (SELECT room, key FROM (SELECT room, key,"
        f" row_number() OVER (PARTITION BY room ORDER BY {MEMBER_ORDER}) AS at FROM members"
        " WHERE room IN (SELECT room FROM members GROUP BY room HAVING count(*) > ?))"
        " WHERE at > ?)",
        (MEMBERS_KEPT, MEMBERS_KEPT),
    )


def _delete_rooms(db: sqlite3.Connection, used_before: float, keep: Collection[str]) -> None:
    old = [
        name
        for (name,) in db.execute(
            "SELECT name FROM rooms WHERE used_at < ? AND name NOT IN"
            " (SELECT room FROM jobs WHERE verdict IS NULL)",
            (used_before,),
        )
        if name not in keep
    ]
    for name in old:
        _delete(db, "room = ?", name)
        for table in ("members", "texts", "edits"):
            db.execute(f"DELETE FROM {table} WHERE room = ?", (name,))
        db.execute("DELETE FROM rooms WHERE name = ?", (name,))


def _delete(db: sqlite3.Connection, condition: str, value: object) -> None:
    for table in ("sources", "outputs"):
        db.execute(
            f"DELETE FROM {table} WHERE ord IN (SELECT ord FROM jobs WHERE {condition})", (value,)
        )
    db.execute(f"DELETE FROM jobs WHERE {condition}", (value,))


def _count(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT count(*) FROM jobs").fetchone()[0])
