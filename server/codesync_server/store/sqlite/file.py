"""Creates and opens the file of the database, also read-only."""

import os
import sqlite3
from pathlib import Path

from codesync_server.store.contract import SCHEMA, StoreMissing, StoreOutdated, StoreUnusable
from codesync_server.store.sqlite.schema import check_version

BUSY_SECONDS = 5.0
"""How long to wait for another process that compacts the file."""


def connect(name: str) -> sqlite3.Connection:
    """Open a database by its URI."""
    return sqlite3.connect(
        name,
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,  # transactions are ours
        check_same_thread=False,  # opened in one thread; each is used by one at a time
    )


def make_file(path: Path) -> None:
    """Make the file, if it is not there, so that it is nobody else's business.

    Raises:
        StoreUnusable: it has several names. SQLite keeps a log beside each of them, and who comes
            by another name overwrites what lies in the log of the first. Source:
            https://www.sqlite.org/howtocorrupt.html, section 2.4.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        names = os.fstat(descriptor).st_nlink
    finally:
        os.close(descriptor)
    if names > 1:
        raise StoreUnusable(
            f"the file has {names} names (hard links), under which SQLite loses data;"
            " make a copy of it, and use that"
        )


def open_to_read(path: Path) -> sqlite3.Connection:
    """Open a file that a server may be writing to.

    Raises:
        StoreUnusable: there is none, or it cannot be read as it is.
    """
    if not path.exists():
        raise StoreMissing(f"nothing is stored yet: there is no {path}")
    db = connect(f"{path.as_uri()}?{'immutable=1' if _cannot_change(path) else 'mode=ro'}")
    try:
        _check_up_to_date(path, check_version(db))
    except BaseException:
        db.close()
        raise
    return db


def _check_up_to_date(path: Path, version: int) -> None:
    if not version:
        raise StoreMissing(f"nothing is stored yet in {path}")
    if version < SCHEMA:
        raise StoreOutdated(
            f"an earlier codesync wrote it (layout {version}, this one reads {SCHEMA});"
            " a server that opens it, or codesync store compact, brings it up to date"
        )


def _cannot_change(path: Path) -> bool:
    """Whether a file lies on a file system that is mounted read-only.

    There SQLite can make none of the files that it needs beside the database to read it while
    somebody writes; but nobody does.

    Raises:
        StoreUnusable: what was written last lies in a log that cannot be read there.
    """
    if not os.statvfs(path).f_flag & os.ST_RDONLY:
        return False
    log = path.with_name(path.name + "-wal")
    if log.exists() and log.stat().st_size:
        raise StoreUnusable(
            f"it was not closed, and {log.name} cannot be read where nothing can be written;"
            " copy both files elsewhere, and read them there"
        )
    return True
