"""A server that lost its store to another one ends, states why, and changes nothing."""

import asyncio
import secrets
import signal
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pymongo.uri_parser import parse_uri

from codesync_cli.exit_codes import ExitCode
from codesync_client import Room
from codesync_protocol.messages import JobState, Notice
from codesync_server.store.choice import choose_store
from tests.client.watching import Watcher
from tests.crash.mortal_server import MortalServer
from tests.programs import python
from tests.proxy import proxy_to
from tests.server.store.raw import raw

ARGUMENTS = ("--executor=local", "--max-concurrent=1", "--drain-seconds=0.2")


@pytest.fixture
def address(mongodb: str) -> str:
    return f"{mongodb}test-{secrets.token_hex(8)}"


@pytest.fixture
def folders(tmp_path: Path) -> Sequence[Path]:
    """One for each server."""
    both = (tmp_path / "a", tmp_path / "b")
    for folder in both:
        folder.mkdir()
    return both


@asynccontextmanager
async def server(folder: Path, store: str) -> AsyncGenerator[MortalServer, None]:
    server = MortalServer(folder, store, *ARGUMENTS)
    try:
        await server.start()
        yield server
    finally:
        await server.kill()


def is_running(room: Room, job: str) -> bool:
    return job in room.jobs and room.jobs[job].state is JobState.RUNNING


@asynccontextmanager
async def busy_member(server: MortalServer) -> AsyncGenerator[Watcher, None]:
    """Somebody whose program runs, and whose next one waits."""
    async with Room(server.link("den"), name="ana") as room:
        watching = Watcher(room)
        async with asyncio.TaskGroup() as tasks:
            reading = tasks.create_task(watching.read())
            running = python("import time; time.sleep(60)")
            await room.submit(running)
            await watching.until(lambda: is_running(room, running.job))
            await room.submit(python("print('waits')"))
            yield watching
            reading.cancel()


async def run_out(address: str) -> None:
    async with raw(address) as database:
        await database["leases"].update_one({}, {"$set": {"expires": 0}})


async def is_deposed(first: MortalServer, ana: Watcher) -> None:
    """The first server ends by itself, and everybody is told."""
    assert await first.stop(signal.SIGCONT) == ExitCode.FAILED
    said = [line for line in first.log.splitlines() if "has taken over the store" in line]
    assert len(said) == 1
    assert said[0].startswith("codesync: another codesync server has taken over the store MongoDB")
    assert "Traceback" not in first.log
    await ana.until(lambda: not ana.room.connected)
    assert "another server has taken over" in {notice.text for notice in ana.of(Notice)}


async def jobs_of(address: str) -> list[tuple[str, bool]]:
    store = choose_store(address)
    await store.open(alone=False)
    jobs = [(job.id, job.result is not None) async for job in store.all_jobs()]
    await store.close()
    return jobs


async def test_f39_a_server_that_was_stopped_for_too_long_ends_when_it_goes_on(
    address: str, folders: Sequence[Path]
) -> None:
    async with server(folders[0], address) as first, busy_member(first) as ana:
        first.tell(signal.SIGSTOP)
        await run_out(address)
        async with server(folders[1], address):
            await is_deposed(first, ana)


async def test_f39_a_server_that_could_not_reach_the_store_ends_when_it_can_again(
    address: str, folders: Sequence[Path]
) -> None:
    [(_, port)] = parse_uri(address)["nodelist"]
    async with proxy_to(port) as line:
        by_line = f"mongodb://127.0.0.1:{line.port}/{address.rpartition('/')[2]}"
        async with (
            server(folders[0], f"{by_line}?directConnection=true") as first,
            busy_member(first) as ana,
        ):
            line.stall()
            await run_out(address)
            async with server(folders[1], address) as second:
                await second.stop()  # even if nobody has the store any more
                before = await jobs_of(address)
                line.flow()
                await is_deposed(first, ana)
                assert await jobs_of(address) == before
