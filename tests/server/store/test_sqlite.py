"""Properties of the SQLite store."""

import os
import signal
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from codesync_server.store.changes import AcceptJob
from codesync_server.store.choice import choose_store, default_path
from codesync_server.store.contract import (
    StoreUnavailable,
    StoreUnusable,
)
from codesync_server.store.records import JobQuery
from codesync_server.store.sqlite import SqliteStore
from tests.server.store.making import a_job, job_id, put, ran
from tests.server.store.other_process import HOLD, WRITE, other_process


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "rooms.db"


async def test_it_is_nobody_elses_business(path: Path) -> None:
    store = SqliteStore(path)
    await store.open()
    await put(store, AcceptJob(a_job(1)))
    assert path.parent.stat().st_mode & 0o777 == 0o700
    for file in path.parent.iterdir():
        assert file.stat().st_mode & 0o077 == 0, file
    await store.close()


async def test_what_was_kept_is_there_when_it_is_opened_again(path: Path) -> None:
    store = SqliteStore(path)
    await store.open()
    await ran(store, a_job(1))
    await store.close()
    again = SqliteStore(path)
    await again.open()
    assert [job.id for job in (await again.jobs("den", JobQuery(), before=9, limit=9)).jobs] == [
        job_id(1)
    ]
    await again.close()


async def test_a_job_in_anothers_place_is_an_error_and_not_quietly_lost(path: Path) -> None:
    store = SqliteStore(path)
    await store.open()
    await put(store, AcceptJob(a_job(1)))
    with pytest.raises(StoreUnavailable, match="ord"):
        await put(store, AcceptJob(replace(a_job(1), id=job_id(2))))
    await store.close()


async def test_f39_a_second_server_is_refused_and_told_who_has_it(path: Path) -> None:
    with other_process(HOLD, path) as other:
        assert other.stdout
        assert other.stdout.readline() == "open\n"
        with pytest.raises(StoreUnusable, match=rf"codesync server \(process {other.pid}\) has it"):
            await SqliteStore(path).open()
        reader = SqliteStore(path)
        await reader.open(alone=False)
        assert await reader.rooms(limit=9) == []
        with pytest.raises(StoreUnavailable):
            await reader.write([AcceptJob(a_job(1))], surely=True)
        await reader.close()
        other.send_signal(signal.SIGKILL)
        other.wait()
    store = SqliteStore(path)
    await store.open()
    await store.close()


async def test_f23_a_process_that_is_killed_loses_nothing_that_it_was_told_is_written(
    path: Path,
) -> None:
    with other_process(WRITE, path) as other:
        assert other.stdout
        while int(other.stdout.readline()) < 200:
            pass
        other.send_signal(signal.SIGKILL)
        told = 200 + len(other.stdout.readlines())
    store = SqliteStore(path)
    await store.open()
    kept = [job.order for job in await store.unfinished()]
    assert kept[:told] == list(range(1, told + 1))
    assert len(kept) <= told + 1, "but for the one of which nobody was told"
    assert await store.check() == []
    await store.close()


class Watched(SqliteStore):
    """Tells how the latest batch was written."""

    async def synchronous(self) -> int:
        """The level of `PRAGMA synchronous`: 1 syncs at checkpoints, 2 at each commit."""
        return await self._writing(lambda db: int(db.execute("PRAGMA synchronous").fetchone()[0]))


async def test_f23_what_must_outlast_a_power_cut_is_synced_before_it_counts(path: Path) -> None:
    store = Watched(path)
    await store.open()
    for number, surely, level in ((1, True, 2), (2, False, 1), (3, True, 2)):
        await put(store, AcceptJob(a_job(number)), surely=surely)
        assert await store.synchronous() == level
    await store.close()


async def test_damage_is_found(path: Path) -> None:
    store = SqliteStore(path)
    await store.open()
    await ran(store, a_job(1), a_job(2))
    with sqlite3.connect(path) as db:
        db.execute("UPDATE sources SET data = x'00' WHERE ord = 1")
        db.execute("UPDATE outputs SET data = x'00' WHERE ord = 2")
    db.close()
    assert await store.check() == [
        f"the source of job {job_id(1)} cannot be read",
        f"the output of job {job_id(2)} cannot be read",
    ]
    await store.close()


def test_the_default_is_a_file_in_the_users_data_directory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_path() == tmp_path / "codesync" / "rooms.db"
    assert choose_store("sqlite").about == str(default_path())
    assert choose_store("~/x.db").about == f"{os.path.expanduser('~')}/x.db"
    with pytest.raises(StoreUnusable, match="no store is called redis://x"):
        choose_store("redis://x")


def test_a_password_in_a_mistake_is_not_repeated() -> None:
    with pytest.raises(StoreUnusable) as refusal:
        choose_store("redis://user:secret@host")
    assert "secret" not in str(refusal.value)
