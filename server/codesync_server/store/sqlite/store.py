"""A store in one SQLite file. Write-ahead log; one thread writes, one reads.

What must outlast a power cut is synced to the disk before it counts (`synchronous=FULL`); the rest
is in the hands of the kernel, and outlasts the end of the process (`NORMAL`). Source:
https://www.sqlite.org/wal.html#performance_considerations.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from codesync_server.store.changes import AcceptJob, Change, FinishJob
from codesync_server.store.contract import (
    ALL_JOBS,
    JOBS_SEARCHED,
    Retention,
    StoreMissing,
    StoreUnavailable,
    StoreUnusable,
)
from codesync_server.store.records import (
    JobPage,
    JobQuery,
    JobRecord,
    OutputRun,
    RoomSummary,
    StoredRoom,
)
from codesync_server.store.sqlite import pruning, reads, writes
from codesync_server.store.sqlite.file import connect, make_file, open_to_read
from codesync_server.store.sqlite.file_check import FileCheck
from codesync_server.store.sqlite.lock import FileLock
from codesync_server.store.sqlite.schema import bring_up_to_date, check_version, make_indexes

JOBS_AT_A_TIME = 100

_T = TypeVar("_T")


class SqliteStore:
    """A store in a file, or in memory.

    Args:
        path: the file; None for memory.

    Attributes:
        about: where things are kept, for people.
        outlives: whether what is kept is there after the process has ended.
        finished_bytes: bytes of finished jobs together.
    """

    def __init__(self, path: Path | None) -> None:
        self.about = str(path) if path else "memory: nothing outlives the server"
        self.outlives = path is not None
        self.finished_bytes = 0
        self._path = path
        self._lock: FileLock | None = None
        self._file_check: FileCheck | None = None
        self._write_thread = ThreadPoolExecutor(1, "store-write")
        self._read_thread = ThreadPoolExecutor(1, "store-read") if path else self._write_thread
        self._writer: sqlite3.Connection | None = None
        self._reader: sqlite3.Connection | None = None

    async def open(self, *, alone: bool = True) -> None:
        """Open the file, make it if it is not there, and take its lock."""
        try:
            await self._in(self._write_thread, lambda: self._open(alone=alone))
        except (OSError, sqlite3.Error) as error:
            await self.close()
            why = error.strerror if isinstance(error, OSError) else str(error)
            raise StoreUnusable(f"cannot use the store {self.about}: {why}") from None
        except StoreMissing:
            await self.close()
            raise
        except StoreUnusable as error:
            await self.close()
            raise type(error)(f"cannot use the store {self.about}: {error}") from None

    def _open(self, *, alone: bool) -> None:
        if self._path is None:
            self._writer = self._reader = connect(":memory:")
            bring_up_to_date(self._writer)
            make_indexes(self._writer)
            return
        path = self._path.resolve()  # two names of one file are one store
        if not alone:
            self._reader = open_to_read(path)
            return
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = FileLock(path)
        self._lock.acquire()
        make_file(path)
        self._file_check = FileCheck(path)
        self._writer = connect(path.as_uri())
        check_version(self._writer)  # before anything is changed
        self._writer.execute("PRAGMA journal_mode = WAL")
        bring_up_to_date(self._writer)
        make_indexes(self._writer)
        self.finished_bytes = pruning.finished_bytes(self._writer)
        self._reader = connect(path.as_uri())
        self._reader.execute("PRAGMA query_only = 1")

    async def guard(self) -> None:
        """Watch over it: its lock is ours until we end, so there is nothing to be seen."""
        await asyncio.get_running_loop().create_future()

    async def ping(self) -> None:
        """Look at the file and at its disk; in another thread, since a disk may stand still."""
        if self._file_check is not None:
            await asyncio.to_thread(self._file_check.check)
            await asyncio.to_thread(self._file_check.check_disk)

    async def close(self) -> None:
        """Close the file, and give back its lock."""
        await self._in(self._write_thread, self._close)
        self._write_thread.shutdown(wait=False)
        self._read_thread.shutdown(wait=False)

    def _close(self) -> None:
        for connection in {self._reader, self._writer} - {None}:
            assert connection
            connection.close()
        self._reader = self._writer = None
        if self._lock:
            self._lock.release()

    async def write(self, changes: Sequence[Change], *, surely: bool) -> Mapping[str, JobRecord]:
        """Make changes in one transaction."""

        def write(db: sqlite3.Connection) -> Mapping[str, JobRecord]:
            if self._file_check is not None:
                self._file_check.check()
            known = _write(db, changes, surely=surely)
            ended = [each.job for each in changes if isinstance(each, FinishJob)]
            self.finished_bytes += pruning.size_of(db, ended)
            return known

        return await self._writing(write)

    async def last_order(self) -> int:
        """The highest order that a job has; 0 for none."""
        return await self._reading(reads.last_order)

    async def unfinished(self, after: int = 0, limit: int = ALL_JOBS) -> Sequence[JobRecord]:
        """The jobs without a result, with their sources, in their order."""
        return await self._reading(lambda db: reads.unfinished(db, after, limit))

    async def room(self, name: str) -> StoredRoom | None:
        """A room with its members and texts."""
        return await self._reading(lambda db: reads.room(db, name))

    async def jobs(
        self,
        room: str,
        wanted: JobQuery,
        *,
        before: int,
        limit: int,
        searched: int = JOBS_SEARCHED,
    ) -> JobPage:
        """Search finished jobs, the latest first, without their sources."""
        return await self._reading(
            lambda db: reads.jobs(db, room, wanted, before=before, limit=limit, searched=searched)
        )

    async def job(self, job: str, *, with_source: bool = False) -> JobRecord | None:
        """One job."""
        return await self._reading(lambda db: reads.job(db, job, with_source=with_source))

    async def output(self, job: str) -> Sequence[OutputRun]:
        """What a finished job wrote, as far as it was kept."""
        return await self._reading(lambda db: reads.output(db, job))

    async def rooms(self, limit: int, after: RoomSummary | None = None) -> Sequence[RoomSummary]:
        """One page of the rooms, those first that were used last."""
        return await self._reading(lambda db: reads.rooms(db, limit, after))

    async def room_names(self, limit: int, after: str = "") -> Sequence[str]:
        """One page of the names of all rooms."""
        return await self._reading(lambda db: reads.room_names(db, limit, after))

    async def room_count(self) -> int:
        """How many rooms there are."""
        return await self._reading(reads.room_count)

    async def prune(self, retention: Retention, keep: frozenset[str]) -> int:
        """Delete what is old or too much."""

        def prune(db: sqlite3.Connection) -> int:
            deleted = _in_transaction(db, lambda: pruning.prune(db, retention, keep))
            self.finished_bytes = pruning.finished_bytes(db)
            return deleted

        return await self._writing(prune)

    async def prune_to(self, bytes_max: int, jobs: int) -> int:
        """Delete finished jobs as long as all have more than `bytes_max`."""

        def prune(db: sqlite3.Connection) -> int:
            deleted, self.finished_bytes = _in_transaction(
                db, lambda: pruning.prune_to(db, bytes_max, jobs)
            )
            return deleted

        return await self._writing(prune)

    async def check(self) -> Sequence[str]:
        """What is wrong with the data, a sentence each."""
        return await self._reading(reads.check)

    async def compact(self) -> None:
        """Give back the space of what was deleted."""

        def vacuum(db: sqlite3.Connection) -> None:
            db.execute("VACUUM")
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

        await self._writing(vacuum)

    async def all_jobs(self) -> AsyncIterator[JobRecord]:
        """Every job with its source, in order."""
        found = await self._jobs_after(0)
        while found:
            for each in found:
                yield each
            found = await self._jobs_after(found[-1].order)

    async def _jobs_after(self, order: int) -> Sequence[JobRecord]:
        return await self._reading(lambda db: reads.jobs_after(db, order, JOBS_AT_A_TIME))

    async def _writing(self, act: Callable[[sqlite3.Connection], _T]) -> _T:
        return await self._using(self._write_thread, lambda: self._writer, act)

    async def _reading(self, act: Callable[[sqlite3.Connection], _T]) -> _T:
        return await self._using(
            self._read_thread, lambda: self._reader, lambda db: _at_one_moment(db, act)
        )

    async def _using(
        self,
        thread: ThreadPoolExecutor,
        connection: Callable[[], sqlite3.Connection | None],
        act: Callable[[sqlite3.Connection], _T],
    ) -> _T:
        def work() -> _T:
            db = connection()
            if db is None:
                raise StoreUnavailable("the store is not open for this")
            try:
                return act(db)
            except sqlite3.Error as error:
                raise StoreUnavailable(str(error)) from None

        return await self._in(thread, work)

    @staticmethod
    async def _in(thread: ThreadPoolExecutor, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(thread, work)


def _write(
    db: sqlite3.Connection, changes: Sequence[Change], *, surely: bool
) -> Mapping[str, JobRecord]:
    db.execute(f"PRAGMA synchronous = {'FULL' if surely else 'NORMAL'}")

    def make() -> dict[str, JobRecord]:
        known: dict[str, JobRecord] = {}
        for change in changes:
            if not writes.apply(db, change) and isinstance(change, AcceptJob):
                known.update(_known(db, change.record.id))
        return known

    return _in_transaction(db, make)


def _at_one_moment(db: sqlite3.Connection, act: Callable[[sqlite3.Connection], _T]) -> _T:
    """Read several tables as they are together, while another process may be writing to them."""
    db.execute("BEGIN")
    try:
        return act(db)
    finally:
        db.execute("ROLLBACK")


def _known(db: sqlite3.Connection, job: str) -> dict[str, JobRecord]:
    record = reads.job(db, job, with_source=False)
    return {job: record} if record else {}


def _in_transaction(db: sqlite3.Connection, act: Callable[[], _T]) -> _T:
    db.execute("BEGIN IMMEDIATE")
    try:
        done = act()
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
    return done
