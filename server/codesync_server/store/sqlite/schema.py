"""The tables as a list of steps; older files are upgraded by the missing ones."""

import sqlite3

from codesync_server.store.contract import SCHEMA, StoreUnusable
from codesync_server.store.job_size import text_size
from codesync_server.store.search_key import SEPARATOR, fold

APPLICATION_ID = 0x434F4459
"""Stands in the file's header, so that no other program's database is taken for ours."""

STEPS = (
    """
    CREATE TABLE rooms (
        name TEXT PRIMARY KEY, text TEXT NOT NULL, language TEXT NOT NULL,
        invites_after REAL NOT NULL, made_at REAL NOT NULL, used_at REAL NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE members (
        room TEXT NOT NULL, key TEXT NOT NULL, member INTEGER NOT NULL, name TEXT NOT NULL,
        crdt INTEGER NOT NULL, edits_taken INTEGER NOT NULL, role TEXT NOT NULL,
        removed TEXT NOT NULL, seen_at REAL NOT NULL, PRIMARY KEY (room, key)
    ) WITHOUT ROWID;
    CREATE TABLE texts (
        room TEXT PRIMARY KEY, history INTEGER NOT NULL, edit INTEGER NOT NULL, state BLOB NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE edits (
        room TEXT NOT NULL, history INTEGER NOT NULL, edit INTEGER NOT NULL, key TEXT NOT NULL,
        number INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (room, history, edit)
    ) WITHOUT ROWID;
    CREATE TABLE jobs (
        ord INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, room TEXT NOT NULL,
        place INTEGER NOT NULL, owner TEXT NOT NULL, member INTEGER NOT NULL, name TEXT NOT NULL,
        language TEXT NOT NULL, title TEXT NOT NULL, submitted_at REAL NOT NULL,
        excerpt TEXT NOT NULL, ticket TEXT NOT NULL, attempts INTEGER NOT NULL,
        shown INTEGER NOT NULL, verdict TEXT, explanation TEXT, result BLOB,
        cancelled_by TEXT NOT NULL, size INTEGER NOT NULL
    );
    CREATE INDEX jobs_of_room ON jobs (room, place);
    CREATE INDEX jobs_unfinished ON jobs (ord) WHERE verdict IS NULL;
    CREATE INDEX jobs_by_age ON jobs (submitted_at);
    CREATE TABLE sources (ord INTEGER PRIMARY KEY, data BLOB NOT NULL);
    CREATE TABLE outputs (ord INTEGER PRIMARY KEY, data BLOB NOT NULL);
    """,
    """
    ALTER TABLE jobs ADD COLUMN search TEXT NOT NULL DEFAULT '';
    UPDATE jobs SET search = searched(name, title, excerpt, explanation);
    """,
    """
    ALTER TABLE rooms ADD COLUMN editors_after REAL NOT NULL DEFAULT 0;
    """,
    """
    ALTER TABLE jobs ADD COLUMN invite TEXT NOT NULL DEFAULT '';
    """,
    """
    ALTER TABLE rooms ADD COLUMN server_dates_from REAL NOT NULL DEFAULT 0;
    """,
    """
    ALTER TABLE members ADD COLUMN is_present INTEGER NOT NULL DEFAULT 0;
    UPDATE jobs SET size = size + text_size(name, title, excerpt, search);
    """,
    """
    ALTER TABLE members ADD COLUMN is_capped INTEGER NOT NULL DEFAULT 0;
    """,
)
assert len(STEPS) == SCHEMA


def bring_up_to_date(db: sqlite3.Connection) -> None:
    """Give an empty database its tables, and an older one what it lacks.

    Each step is there with all that says so, or not at all: also the mark that the file is ours.

    Raises:
        StoreUnusable: it is another program's, or of a later layout.
    """
    version = check_version(db)
    register(db)
    for number, step in enumerate(STEPS[version:], version + 1):
        db.executescript(
            f"BEGIN IMMEDIATE; {step} PRAGMA application_id = {APPLICATION_ID};"
            f" PRAGMA user_version = {number}; COMMIT;"
        )


def register(db: sqlite3.Connection) -> None:
    """Give a connection the functions that the steps call."""
    db.create_function("searched", 4, _searched, deterministic=True)
    db.create_function("text_size", 4, text_size, deterministic=True)


def _searched(name: str, title: str, excerpt: str, explanation: str | None) -> str:
    return fold(SEPARATOR.join((name, title, excerpt, explanation or "")))


def check_version(db: sqlite3.Connection) -> int:
    """Read which layout a database has; 0 for an empty one.

    Raises:
        StoreUnusable: it is another program's, or of a later layout.
    """
    owner = db.execute("PRAGMA application_id").fetchone()[0]
    version = int(db.execute("PRAGMA user_version").fetchone()[0])
    is_empty = not db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if owner != APPLICATION_ID and not (is_empty and not owner):
        raise StoreUnusable("it is another program's database; name another file")
    if version > SCHEMA:
        raise StoreUnusable(
            f"a later codesync wrote it (layout {version}, this one knows {SCHEMA});"
            " install that CodeSync or a later one"
        )
    return version


def make_indexes(db: sqlite3.Connection) -> None:
    """Make the indexes for sums of sizes and lists of rooms; other versions ignore them."""
    db.execute("CREATE INDEX IF NOT EXISTS rooms_by_use ON rooms (used_at, name)")
    db.execute("DROP INDEX IF EXISTS jobs_by_size")  # its sums are read from the next one
    db.execute(
        "CREATE INDEX IF NOT EXISTS jobs_by_share ON jobs (room, invite, ord, size)"
        " WHERE verdict IS NOT NULL"
    )
