"""Members continue while the store is unavailable, are informed, and lose nothing."""

import asyncio
import os
import subprocess
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pymongo.uri_parser import parse_uri

from codesync_client import Submission, SubmissionRejected
from codesync_protocol.errors import Code
from codesync_protocol.shared_text import SOURCE
from codesync_server.configuration.settings import Settings
from codesync_server.store import writer
from codesync_server.store.choice import choose_store
from codesync_server.store.mongo import store as mongo
from tests.client.watching import Watcher
from tests.conftest import missing
from tests.mongodb import mongodb_stand_in
from tests.programs import python
from tests.proxy import Proxy, proxy_to
from tests.servers import RunningServer, running_server
from tests.waiting import POLL_SECONDS, SECONDS

FULL_MIB = 3


@pytest.fixture(autouse=True)
def _comes_back_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "RETRY_SECONDS", (0.05, 0.2))
    monkeypatch.setattr(mongo, "ANSWER_SECONDS", 2.0)


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A submission waits for a store that is slow, however slow the machine is."""
    monkeypatch.setattr(writer, "ACCEPT_SECONDS", SECONDS)


def settings(store: str) -> Settings:
    return Settings(port=0, executor="local", drain_seconds=1.0, store=store)


@asynccontextmanager
async def watcher(server: RunningServer, name: str = "ana") -> AsyncGenerator[Watcher, None]:
    async with server.room(name, room="den", shares_text=True) as room:
        watching = Watcher(room)
        async with asyncio.TaskGroup() as tasks:
            reading = tasks.create_task(watching.read())
            await room.text_settled()
            yield watching
            reading.cancel()


async def writes(ana: Watcher, text: str) -> None:
    ana.room.document.edit(SOURCE, 0, 0, text)
    async with asyncio.timeout(SECONDS):
        await ana.room.text_settled()


async def kept_text(store: str) -> str:
    """The text of the room as the next server finds it."""
    async with running_server(settings(store)) as server, watcher(server) as ana:
        assert not ana.room.unsaved
        return ana.room.document.text()


async def runs(ana: Watcher, job: Submission, wrote: str) -> None:
    """Wait until a job's output is there."""
    await ana.until(lambda: ana.output(job.job) == wrote.encode())


async def are_kept(ana: Watcher, *jobs: Submission) -> None:
    """Wait until these are the finished jobs that are kept, the latest first."""
    async with asyncio.timeout(SECONDS):
        while [p.summary.job for p in (await ana.room.past.page()).jobs] != [j.job for j in jobs]:  # noqa: ASYNC110
            await asyncio.sleep(POLL_SECONDS)


async def goes_on_and_comes_back(ana: Watcher, ben: Watcher) -> None:
    """What people notice while the store is away: little."""
    await writes(ana, "while it is away\n")
    await ben.until(lambda: ben.room.document.text().startswith("while it is away\n"))
    await ana.until(lambda: ana.room.unsaved)
    with pytest.raises(SubmissionRejected) as refusal:
        await ana.room.submit(python("print(1)"))
    assert refusal.value.code is Code.UNSAVED
    assert refusal.value.remedy


@pytest.fixture
async def mongodb(tmp_path: Path) -> AsyncGenerator[tuple[Proxy, str], None]:
    """A MongoDB, and a line to it that can be cut."""
    with mongodb_stand_in(tmp_path) as address:
        [(_, port)] = parse_uri(address)["nodelist"]
        async with proxy_to(port) as proxy:
            yield proxy, f"mongodb://127.0.0.1:{proxy.port}/den?directConnection=true"


@pytest.mark.usefixtures("patience")
async def test_f21_a_line_that_is_cut_in_the_midst_of_writing_loses_and_doubles_nothing(
    mongodb: tuple[Proxy, str],
) -> None:
    proxy, store = mongodb
    async with running_server(settings(store)) as server, watcher(server) as ana:
        for number in range(30):
            if number % 5 == 0:
                proxy.cut()
            await writes(ana, f"<{number}>")
        jobs = [python(f"print({number})") for number in range(3)]
        for job in jobs:
            proxy.cut()
            ana.room.follow(job.job)
            await ana.room.submit(job)
        for number, job in enumerate(jobs):
            await runs(ana, job, f"{number}\n")
        await ana.until(lambda: not ana.room.unsaved)
        await are_kept(ana, *reversed(jobs))
    text = await kept_text(store)
    assert [text.count(f"<{number}>") for number in range(30)] == [1] * 30


async def test_f22_while_mongodb_cannot_be_reached_editing_goes_on_and_it_recovers_by_itself(
    mongodb: tuple[Proxy, str],
) -> None:
    proxy, store = mongodb
    async with (
        running_server(settings(store)) as server,
        watcher(server) as ana,
        watcher(server, "ben") as ben,
    ):
        await writes(ana, "before\n")
        running = python("import time; time.sleep(1); print('done')")
        ana.room.follow(running.job)
        await ana.room.submit(running)
        proxy.cut(reachable=False)
        await goes_on_and_comes_back(ana, ben)
        await runs(ana, running, "done\n")
        assert server.app.health()["status"] == "unsaved"
        proxy.restore()
        await ana.until(lambda: not ana.room.unsaved)
        assert server.app.health()["status"] == "ok"
        await are_kept(ana, running)
        after = python("print('after')")
        ana.room.follow(after.job)
        await ana.room.submit(after)
        await runs(ana, after, "after\n")
    assert (await kept_text(store)).startswith("while it is away\nbefore\n")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ("mount", "-t", "tmpfs", "-o", f"size={FULL_MIB}m", "tmpfs", str(folder))
    if os.geteuid() or subprocess.run(mount, check=False).returncode:
        missing("file systems cannot be mounted here")
    yield folder
    subprocess.run(("umount", "-l", str(folder)), check=True)


def fill(ballast: Path) -> None:
    """Write until there is no space left."""
    with ballast.open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass


async def test_f24_when_the_disk_is_full_rooms_go_on_in_memory_and_it_recovers(
    small_disk: Path,
) -> None:
    store = str(small_disk / "rooms.db")
    ballast = small_disk / "ballast"
    async with (
        running_server(settings(store)) as server,
        watcher(server) as ana,
        watcher(server, "ben") as ben,
    ):
        await writes(ana, "before\n")
        with pytest.raises(OSError, match="No space"):
            fill(ballast)
        await writes(ana, "x" * 100_000 + "\n")  # more than the log has room for already
        await goes_on_and_comes_back(ana, ben)
        assert server.app.health()["status"] == "unsaved"
        ballast.unlink()
        await ana.until(lambda: not ana.room.unsaved)
        assert server.app.health()["status"] == "ok"
        after = python("print('after')")
        ana.room.follow(after.job)
        await ana.room.submit(after)
        await runs(ana, after, "after\n")
    text = await kept_text(store)
    assert text.startswith("while it is away\n")
    assert "\nbefore\n" in text
    kept = choose_store(store)
    await kept.open()
    assert await kept.check() == []
    await kept.close()
