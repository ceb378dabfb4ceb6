"""H36: an unavailable store, and its return, are noticed also without writes."""

import asyncio
import logging
import os
import signal
import subprocess
from collections.abc import Generator
from pathlib import Path

import pytest

from codesync_server.configuration.settings import Settings
from codesync_server.store.changes import SaveRoom
from codesync_server.store.contract import StoreUnavailable
from codesync_server.store.sqlite import SqliteStore
from codesync_server.store.store_monitor import StoreMonitor
from tests.conftest import missing
from tests.mongodb import REAL, mongodb_process
from tests.server.store.making import a_room, put
from tests.servers import RunningServer, running_server
from tests.waiting import eventually

END_SECONDS = 60.0


def status(server: RunningServer) -> object:
    return server.app.health()["status"]


def complaints(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the watch logged as an error."""
    return [
        each.message
        for each in caplog.records
        if each.name.endswith("store.store_monitor") and each.levelno == logging.ERROR
    ]


@pytest.mark.slow
@pytest.mark.skipif(bool(REAL), reason="a real mongod is not ours to stop")
@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGKILL], ids=["stopped", "killed"])
async def test_h36_an_idle_server_notices_that_its_mongodb_is_away(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, number: signal.Signals
) -> None:
    with mongodb_process(tmp_path) as (address, process):
        settings = Settings(port=0, executor="local", drain_seconds=1.0, store=f"{address}den")
        async with asyncio.timeout(END_SECONDS), running_server(settings) as server:
            await eventually(lambda: status(server) == "ok")
            process.send_signal(number)
            await eventually(lambda: status(server) == "unsaved")
            assert len(complaints(caplog)) == 1
            if number == signal.SIGSTOP:
                process.send_signal(signal.SIGCONT)
                await eventually(lambda: status(server) == "ok")
                process.send_signal(number)
                await eventually(lambda: status(server) == "unsaved")


async def test_h36_a_server_notices_that_its_file_is_gone_and_accepts_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "rooms.db"
    settings = Settings(port=0, executor="local", drain_seconds=1.0, store=str(path))
    async with running_server(settings) as server:
        await eventually(lambda: status(server) == "ok")
        path.rename(tmp_path / "elsewhere.db")
        await eventually(lambda: status(server) == "unsaved")
        assert "is gone" in str(server.app.health()["reason"])
        with pytest.raises(StoreUnavailable, match="is gone"):
            await put(server.app.store, SaveRoom(a_room()))
        (tmp_path / "elsewhere.db").rename(path)
        await eventually(lambda: status(server) == "ok")
        assert len(complaints(caplog)) == 1


async def test_h36_a_file_that_was_replaced_is_not_written_to(tmp_path: Path) -> None:
    path = tmp_path / "rooms.db"
    store = SqliteStore(path)
    await store.open()
    await store.ping()
    path.rename(tmp_path / "elsewhere.db")
    path.touch()
    with pytest.raises(StoreUnavailable, match="replaced"):
        await store.ping()
    await store.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Generator[Path]:
    """A file system of 1 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if os.geteuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        missing("the right to mount a file system")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


async def test_h36_a_full_disk_is_noticed(small_disk: Path) -> None:
    store = SqliteStore(small_disk / "rooms.db")
    await store.open()
    await store.ping()
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(_free(small_disk) - 4096))
    with pytest.raises(StoreUnavailable, match="is full"):
        await store.ping()
    ballast.unlink()
    await store.ping()
    await store.close()


def _free(disk: Path) -> int:
    figures = os.statvfs(disk)
    return figures.f_bfree * figures.f_frsize


async def test_h36_the_watch_tells_only_of_changes() -> None:
    answers = ["", "gone", "gone", "full", "", ""]
    told: list[str] = []

    async def ping() -> None:
        if problem := answers.pop(0) if answers else "":
            raise StoreUnavailable(problem)

    watch = StoreMonitor(ping, lambda: told.append(watch.problem))
    for _ in range(6):
        await watch._look()  # pyright: ignore[reportPrivateUsage]
    assert told == ["gone", "full", ""]
