"""The file of a store: names, layouts, other files, and read-only file systems."""

import os
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from codesync_server.store.changes import AcceptJob, AddEdit, SaveMember, SaveRoom, SaveText
from codesync_server.store.contract import (
    SCHEMA,
    StoreMissing,
    StoreOutdated,
    StoreUnusable,
)
from codesync_server.store.job_size import ROW_BYTES
from codesync_server.store.packing import pack_source
from codesync_server.store.records import JobQuery, JobSource, MemberRecord
from codesync_server.store.sqlite import SqliteStore, schema
from codesync_server.store.sqlite import file as file_module
from codesync_server.store.sqlite import store as store_module
from tests.conftest import missing
from tests.server.store.making import OK, a_job, a_room, an_edit, job_id, put, ran
from tests.server.store.other_process import HOLD, other_process


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "rooms.db"


def read(path: Path) -> bytes:
    return path.read_bytes()


def write(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)


async def test_f39_a_second_server_is_refused_also_by_another_name_of_the_file(
    path: Path, tmp_path: Path
) -> None:
    first = SqliteStore(path)
    link = tmp_path / "link.db"
    link.symlink_to(path)
    await first.open()
    with pytest.raises(StoreUnusable, match=r"codesync server \(process \d+\) has it"):
        await SqliteStore(link).open()
    await first.close()
    again = SqliteStore(link)
    await again.open()
    await put(again, AcceptJob(a_job(1)))
    await again.close()
    first = SqliteStore(path)
    await first.open()
    assert await first.unfinished() == [a_job(1)]
    await first.close()


async def test_a_file_with_two_names_of_its_own_is_refused(path: Path, tmp_path: Path) -> None:
    store = SqliteStore(path)
    await store.open()
    await store.close()
    os.link(path, tmp_path / "other.db")
    with pytest.raises(StoreUnusable, match="2 names"):
        await SqliteStore(path).open()


async def test_a_server_that_is_killed_in_its_first_moment_leaves_a_file_that_can_be_used(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(file_module, "connect", dying_connection)
        patch.setattr(store_module, "connect", dying_connection)
        with pytest.raises(StoreUnusable, match="killed"):
            await SqliteStore(path).open()
    store = SqliteStore(path)
    await store.open()
    await put(store, AcceptJob(a_job(1)))
    await store.close()


class Dying(sqlite3.Connection):
    """A connection of a process that is killed when it has done its first step."""

    def executescript(self, script: str, /) -> sqlite3.Cursor:
        """Do it, and nothing more."""
        super().executescript(script)
        raise sqlite3.OperationalError("killed")


def dying_connection(name: str) -> sqlite3.Connection:
    return sqlite3.connect(
        name, uri=True, isolation_level=None, check_same_thread=False, factory=Dying
    )


def first_layout(path: Path) -> None:
    """Make a file as the first version did, with a job in it."""
    path.parent.mkdir()
    with sqlite3.connect(path, isolation_level=None) as db:
        db.executescript(schema.STEPS[0])
        db.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        db.execute("PRAGMA user_version = 1")
        db.execute(
            "INSERT INTO jobs VALUES (1, ?, 'den', 1, 'owner', 1, 'ana', 'python', 'Größe.py', 1.0,"
            " 'print(1)', 'ticket', 1, 0, 'ok', 'exit code 0', ?, '', 9)",
            (job_id(1), msgspec.msgpack.encode(OK)),
        )
        db.execute("INSERT INTO sources VALUES (1, ?)", (pack_source(JobSource(())),))
        db.execute("INSERT INTO rooms VALUES ('den', 'text', 'python', 3.0, 1.0, 2.0)")
        db.execute("INSERT INTO members VALUES ('den', 'key', 1, 'ana', 0, 3, 'viewer', '', 9.0)")
    db.close()


async def test_the_first_layout_is_brought_up_to_date_by_whoever_writes(path: Path) -> None:
    first_layout(path)
    with pytest.raises(StoreOutdated, match="layout 1"):
        await SqliteStore(path).open(alone=False)
    store = SqliteStore(path)
    await store.open()
    for text in ("GRÖSSE", "PRINT(1)", "Exit Code", "ana"):
        [job] = (await store.jobs("den", JobQuery(text=text), before=9, limit=9)).jobs
        assert (job.id, job.invite) == (job_id(1), "")
    den = await store.room("den")
    assert den is not None
    assert (den.room.invites_after, den.room.server_dates_from) == (3.0, 0.0)
    assert den.members == (MemberRecord("key", 1, "ana", 0, 3, "viewer", "", 9.0),)
    texts = len("ana" + "print(1)") + len("Größe.py".encode())
    search = len("ana\ngrösse.py\nprint(1)\nexit code 0".encode())
    assert store.finished_bytes == 9 + ROW_BYTES + texts + search
    await put(store, AcceptJob(a_job(2)))
    accepted = await store.job(job_id(2))
    assert accepted is not None
    assert accepted.invite == a_job(2).invite != ""
    assert await store.check() == []
    await store.close()


async def test_f02_roles_of_layout_6_stay_decisions_of_hosts(path: Path) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path, isolation_level=None) as db:
        schema.register(db)
        for step in schema.STEPS[:6]:
            db.executescript(step)
        db.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        db.execute("PRAGMA user_version = 6")
        db.execute("INSERT INTO rooms VALUES ('den', 'text', 'python', 3, 1, 2, 4, 5)")
        db.execute("INSERT INTO members VALUES ('den', 'a', 1, 'ana', 0, 0, 'host', '', 8, 0)")
        db.execute("INSERT INTO members VALUES ('den', 'b', 2, 'ben', 0, 0, '', '', 9, 1)")
    db.close()
    with pytest.raises(StoreOutdated, match="layout 6"):
        await SqliteStore(path).open(alone=False)
    store = SqliteStore(path)
    await store.open()
    den = await store.room("den")
    assert den is not None
    ana = MemberRecord("a", 1, "ana", 0, 0, "host", "", 8.0)
    ben = MemberRecord("b", 2, "ben", 0, 0, "", "", 9.0, is_present=True)
    assert den.members == (ana, ben)
    await put(store, SaveMember("den", replace(ben, role="viewer", is_capped=True)))
    den = await store.room("den")
    assert den is not None
    assert den.members == (ana, replace(ben, role="viewer", is_capped=True))
    assert await store.check() == []
    await store.close()


@pytest.mark.parametrize("content", [None, b""])
async def test_where_nothing_was_kept_yet_there_is_nothing_to_read(
    path: Path, content: bytes | None
) -> None:
    if content is not None:
        write(path, content)
    with pytest.raises(StoreMissing, match="nothing is stored yet"):
        await SqliteStore(path).open(alone=False)


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Callable[[str], None]]:
    """Mounts a file system in the store's folder, with such options."""
    folder = tmp_path / "kept"
    folder.mkdir()

    def mount(options: str) -> None:
        command = ("mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder))
        if os.geteuid() or subprocess.run(command, check=False).returncode:
            missing("file systems cannot be mounted here")

    yield mount
    subprocess.run(("umount", "-l", str(folder)), check=False)


async def test_a_store_can_be_read_where_nothing_can_be_written(
    path: Path, mount: Callable[[str], None]
) -> None:
    mount("size=3m")
    store = SqliteStore(path)
    await store.open()
    await ran(store, a_job(1))
    await store.close()
    mount("remount,ro")
    reader = SqliteStore(path)
    await reader.open(alone=False)
    assert [job.id async for job in reader.all_jobs()] == [job_id(1)]
    await reader.close()
    with pytest.raises(StoreUnusable, match="Read-only"):
        await SqliteStore(path).open()


async def test_a_store_that_was_not_closed_is_not_half_read_there(
    path: Path, mount: Callable[[str], None]
) -> None:
    mount("size=3m")
    with other_process(HOLD, path) as other:
        assert other.stdout
        assert other.stdout.readline() == "open\n"
        other.send_signal(signal.SIGKILL)
    mount("remount,ro")
    with pytest.raises(StoreUnusable, match=r"not closed.*rooms\.db-wal.*copy both"):
        await SqliteStore(path).open(alone=False)


async def test_a_file_of_a_later_version_is_refused(path: Path) -> None:
    store = SqliteStore(path)
    await store.open()
    await store.close()
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {SCHEMA + 1}")
    db.close()
    with pytest.raises(StoreUnusable, match="later codesync wrote it"):
        await SqliteStore(path).open()


async def test_another_programs_database_is_refused_and_stays_as_it_is(path: Path) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE theirs (x)")
    db.close()
    before = read(path)
    with pytest.raises(StoreUnusable, match="another program's"):
        await SqliteStore(path).open()
    assert read(path) == before


@pytest.mark.parametrize("content", [b"not a database at all" * 100, b"\x00" * 5000])
async def test_what_is_no_database_is_refused(path: Path, content: bytes) -> None:
    write(path, content)
    with pytest.raises(StoreUnusable, match="not a database"):
        await SqliteStore(path).open()


async def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnusable, match=r"cannot use the store .*file/rooms\.db"):
        await SqliteStore(tmp_path / "file" / "rooms.db").open()


async def test_what_is_read_while_somebody_writes_is_of_one_moment(path: Path) -> None:
    writer, reader = SqliteStore(path), SqliteStore(path)
    await writer.open()
    await put(writer, SaveRoom(a_room()), SaveText("den", 1, 0, b"begun"))
    await put(writer, *(AddEdit("den", 1, an_edit(index)) for index in (1, 2, 3)))
    await reader.open(alone=False)

    def save_meanwhile(statement: str) -> None:
        if "FROM edits" in statement:
            with sqlite3.connect(path) as db:
                db.execute("UPDATE texts SET edit = 2")
                db.execute("DELETE FROM edits WHERE edit <= 2")
            db.close()

    connection = reader._reader  # pyright: ignore[reportPrivateUsage] # nobody else may have it
    assert connection
    connection.set_trace_callback(save_meanwhile)
    kept = await reader.room("den")
    assert kept is not None
    assert (kept.text.index, [edit.index for edit in kept.text.edits]) == (0, [1, 2, 3])
    await reader.close()
    await writer.close()
