"""Deleting what is old or too much."""

import sqlite3
import time
from collections.abc import Collection

from codesync_server.store.contract import Retention

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
    if retention.bytes_max is not None:
        _delete(db, f"{_FINISHED} AND ord <= ?", _last_beyond(db, retention.bytes_max))
    return before - _count(db)


def _last_beyond(db: sqlite3.Connection, bytes_max: int) -> int:
    """The order of the latest job for which there is no room; 0 for none."""
    found = db.execute(
        "SELECT coalesce(max(ord), 0) FROM (SELECT ord, sum(size) OVER (ORDER BY ord DESC) AS upto"
        f" FROM jobs WHERE {_FINISHED}) WHERE upto > ?",
        (bytes_max,),
    )
    return int(found.fetchone()[0])


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
