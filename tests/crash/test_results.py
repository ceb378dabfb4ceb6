"""A server is killed while it writes results: each is stored completely or not at all."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from codesync_client import JobOutput, OutputSkipped, Room, Submission
from codesync_protocol.messages import Finished
from codesync_protocol.verdict import Result, Verdict
from tests.client.watching import Watcher
from tests.crash.mortal_server import MortalServer
from tests.programs import python

LINES = 20_000
"""200 kB of output: more than what is kept with the job itself."""


@pytest.fixture
async def server(tmp_path: Path) -> AsyncGenerator[MortalServer, None]:
    arguments = ("--executor=local", "--max-concurrent=2", "--drain-seconds=0.2")
    server = MortalServer(tmp_path, str(tmp_path / "rooms.db"), *arguments)
    await server.start()
    yield server
    await server.kill()


@asynccontextmanager
async def watcher(server: MortalServer, name: str) -> AsyncGenerator[Watcher, None]:
    async with Room(server.link("den"), name=name) as room, asyncio.TaskGroup() as tasks:
        watching = Watcher(room)
        reading = tasks.create_task(watching.read())
        yield watching
        reading.cancel()


async def restart(server: MortalServer, *watchers: Watcher) -> None:
    """Kill the server, and come back to the one that takes its place."""
    await server.kill()
    for each in watchers:
        await each.until(lambda: not any(each.room.connected for each in watchers))
    await server.start()
    for each in watchers:
        await each.until(lambda: all(each.room.connected for each in watchers))


def ends(watcher: Watcher) -> dict[str, set[Result]]:
    """How jobs ended, as somebody was told."""
    told: dict[str, set[Result]] = {}
    for event in watcher.of(Finished):
        told.setdefault(event.job, set()).add(event.result)
    return told


async def kept(watcher: Watcher) -> dict[str, Result | None]:
    """How jobs ended, as the store has it; each is there once."""
    page = await watcher.room.past.page(limit=100)
    jobs = [each.summary for each in page.jobs]
    assert len({job.job for job in jobs}) == len(jobs)
    return {job.job: job.result for job in jobs}


async def output_of(watcher: Watcher, job: str) -> bytes:
    """What the store has of a job's output."""
    pieces = await watcher.room.past.output(job)
    assert not [each for each in pieces if isinstance(each, OutputSkipped)]
    return b"".join(each.data for each in pieces if isinstance(each, JobOutput))


async def test_f03_what_was_told_of_an_end_is_so_when_the_server_is_killed_at_that_moment(
    server: MortalServer,
) -> None:
    async with watcher(server, "ana") as ana, watcher(server, "ben") as ben:
        for number in range(3):
            job = python(f"for n in range({LINES}): print(f'{{n:09}}')\nexit({number})")
            await ana.room.submit(job)
            await ana.until_finished(job.job)
            await restart(server, ana, ben)
            await ben.until_finished(job.job)
            [result] = ends(ana)[job.job] | ends(ben)[job.job]
            assert result.exit_code == number
            assert (await kept(ben))[job.job] == result
            assert await output_of(ben, job.job) == b"".join(b"%09d\n" % n for n in range(LINES))


async def test_f03_of_results_that_were_being_written_each_is_there_whole_or_not_at_all(
    server: MortalServer,
) -> None:
    async with watcher(server, "ana") as ana, watcher(server, "ben") as ben:
        jobs: list[Submission] = []
        for _ in range(3):
            batch = [python(f"print('x' * {LINES})") for _ in range(4)]
            for job in batch:
                await ana.room.submit(job)
            await ana.until_finished(batch[0].job)
            await restart(server, ana, ben)  # while the second one ends, and others begin
            jobs += batch
        for job in jobs:
            await ana.until_finished(job.job)
            await ben.until_finished(job.job)
        results = await kept(ben)
        assert results.keys() == {job.job for job in jobs}
        for job in jobs:
            [result] = ends(ana)[job.job] | ends(ben)[job.job]
            assert results[job.job] == result, "nobody was told anything else"
            assert result.verdict in {Verdict.OK, Verdict.LOST}
            if result.verdict is Verdict.OK:
                assert await output_of(ben, job.job) == b"x" * LINES + b"\n"
        assert server.log.count("Traceback") == 0
