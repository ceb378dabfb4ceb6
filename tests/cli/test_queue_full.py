"""`codesync run` waits while the queue is full, and reports it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from codesync_cli.exit_codes import ExitCode
from codesync_client import DialOptions, Room
from codesync_protocol.links import Link
from codesync_server.configuration.limits import RUN, JobLimits
from codesync_server.configuration.settings import Settings
from tests.cli.command import Done, codesync
from tests.programs import python
from tests.servers import RunningServer, running_server
from tests.waiting import eventually

LONG = "import time; time.sleep(300)"
SETTINGS = Settings(
    port=0,
    executor="local",
    max_concurrent=1,
    queue_per_room=1,
    drain_seconds=0.1,
    limits=JobLimits(run=replace(RUN, wall=300.0)),
)


def host_link(server: RunningServer) -> Link:
    """The link of whoever has the server's token: all of them count as one invite."""
    return Link(server.app.address, "test-room", server.app.token)


@asynccontextmanager
async def full_queue() -> AsyncGenerator[tuple[RunningServer, Room, list[str]], None]:
    """A server with one slot and one place in the queue of a room, both of them taken."""
    async with (
        running_server(SETTINGS) as server,
        Room(host_link(server), name="ana", options=DialOptions(), agent="test") as room,
    ):
        running, waiting = python(LONG), python("")
        await room.submit(running)
        await eventually(lambda: server.app.stats()["active"] == 1)
        await room.submit(waiting)
        yield server, room, [waiting.job, running.job]
        for job in (waiting.job, running.job):
            room.cancel(job)


async def run(server: RunningServer, home: Path, *arguments: str) -> Done:
    """Run a program in the room by the command."""
    file, token = home / "main.py", home / "token"
    file.write_text("print('ran')")
    token.write_text(server.app.token)
    token.chmod(0o600)
    return await asyncio.to_thread(
        codesync,
        "run",
        str(file),
        f"--server={server.app.address}",
        "--room=test-room",
        f"--token-file={token}",
        *arguments,
        home=home,
    )


async def test_h33_a_run_that_may_not_wait_states_the_limit_and_ends_with_75(
    tmp_path: Path,
) -> None:
    async with full_queue() as (server, _, _):
        done = await run(server, tmp_path, "--wait=0")
    assert done.status == ExitCode.TRY_LATER
    assert done.stderr.splitlines()[-2:] == [
        "codesync: This room's share of the queue is full (1 job).",
        "          Try again in about 2 s.",
    ]


async def test_h33_a_run_tries_again_while_the_queue_is_full(tmp_path: Path) -> None:
    async with full_queue() as (server, room, jobs), asyncio.TaskGroup() as tasks:
        running = tasks.create_task(run(server, tmp_path))
        await eventually(lambda: server.app.stats()["queue_refusals"] == {"room": 1})
        for job in jobs:
            room.cancel(job)
        done = await running
    assert (done.status, done.stdout) == (0, b"ran\n")
    assert "This room's share of the queue is full (1 job); trying again in" in done.stderr
