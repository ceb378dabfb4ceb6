"""Jumps of the server's wall clock change what is shown, and no decision."""

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from codesync_client import Connected, Disconnected, JobOutput, Room
from codesync_protocol.errors import Code
from codesync_protocol.links import Link
from codesync_protocol.messages import JobState, StdinMode
from codesync_protocol.shared_text import SOURCE
from codesync_protocol.verdict import Verdict
from codesync_protocol.version import NEWEST, OLDEST
from codesync_server.connections.admission import WRONG_TOKENS_BURST
from tests.client.watching import Watcher
from tests.crash.clock import WallClock
from tests.crash.mortal_server import MortalServer
from tests.handshakes import Caller, refused
from tests.programs import python

HOUR = 3600
jumps = pytest.mark.parametrize("jump", [HOUR, -HOUR, 24 * HOUR], ids=["ahead", "back", "a day"])

ECHO = "print('here', flush=True)\nprint(input())\n"


@pytest.fixture
def clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WallClock:
    return WallClock(tmp_path, monkeypatch)


@pytest.fixture
async def server(tmp_path: Path, clock: WallClock) -> AsyncGenerator[MortalServer, None]:
    arguments = ("--executor=local", "--max-concurrent=1", "--drain-seconds=0.2")
    server = MortalServer(tmp_path, str(tmp_path / "rooms.db"), *arguments)
    await server.start()
    yield server
    await server.kill()


@asynccontextmanager
async def watcher(link: Link, name: str = "ana") -> AsyncGenerator[Watcher, None]:
    async with (
        Room(link, name=name, shares_text=True) as room,
        asyncio.TaskGroup() as tasks,
    ):
        watching = Watcher(room)
        reading = tasks.create_task(watching.read())
        await room.text_settled()
        yield watching
        reading.cancel()


def test_f31_the_clock_of_these_tests_jumps_and_the_steady_one_does_not(clock: WallClock) -> None:
    asked = "import time; print(time.time(), time.monotonic())"
    for jump in (HOUR, -HOUR, 0):
        clock.jump(jump)
        done = subprocess.run([sys.executable, "-c", asked], capture_output=True, check=True)
        wall, steady = map(float, done.stdout.split())
        assert abs(wall - time.time() - jump) < HOUR / 2
        assert abs(steady - time.monotonic()) < HOUR / 2


@jumps
async def test_f31_members_and_what_they_run_do_not_notice_a_clock_that_jumps(
    server: MortalServer, clock: WallClock, jump: int
) -> None:
    async with watcher(server.link("den")) as ana, watcher(server.link("den"), "ben") as ben:
        running = python(ECHO, stdin=StdinMode.SHARED)
        waiting = python("print('waited')")
        for job in (running, waiting):
            ana.room.follow(job.job)
            await ana.room.submit(job)
        await ana.until(lambda: ana.output(running.job) == b"here\n")
        clock.jump(jump)
        ben.room.document.replace(SOURCE, "after the jump\n")
        await ana.until(lambda: ana.room.document.text() == "after the jump\n")
        assert ana.room.jobs[running.job].state is JobState.RUNNING
        await ana.room.send_stdin(running.job, b"typed\n")
        for job in (running, waiting):
            result = (await ana.until_finished(job.job)).result
            assert result.verdict is Verdict.OK
            assert 0 <= result.wall_seconds < HOUR / 2
            assert all(0 <= stage.seconds < HOUR / 2 for stage in result.stages)
        assert ana.output(running.job) == b"here\ntyped\n"
        late = python("print('late')")
        await ana.room.submit(late)
        await ana.until_finished(late.job)
        page = await ana.room.past.page()
        assert [job.summary.job for job in page.jobs] == [late.job, waiting.job, running.job]
        assert not ana.of(Disconnected)


async def test_f31_a_limit_is_as_long_as_it_is_whatever_the_clock_does(
    server: MortalServer, clock: WallClock
) -> None:
    async with watcher(server.link("den")) as ana:
        job = python("print('here', flush=True)\nimport time\ntime.sleep(3600)")
        ana.room.follow(job.job)
        await ana.room.submit(job)
        await ana.until_any(JobOutput)
        clock.jump(-HOUR)
        result = (await ana.until_finished(job.job)).result
        assert result.verdict is Verdict.TIME_LIMIT
        limit = ana.room.welcome.limits.wall_seconds
        assert limit <= result.wall_seconds < HOUR / 2


@jumps
async def test_f31_links_let_in_whom_they_let_in_before(
    server: MortalServer, clock: WallClock, jump: int
) -> None:
    link = server.invite("den")
    async with watcher(server.link("den")), watcher(link, "ben"):
        clock.jump(jump)
        for each in (link, server.link("den")):
            async with watcher(each, "cyd") as cyd:
                assert len(cyd.room.members.members) == 3


@jumps
async def test_f31_whoever_tried_too_often_gains_and_loses_nothing_by_a_jump(
    server: MortalServer, clock: WallClock, jump: int
) -> None:
    right = server.link("den")
    eve = Caller(OLDEST, NEWEST, right.room, "wrong", "eve", "e" * 32)

    async def refusal() -> Code:
        async with connect(right.server, proxy=None, compression=None) as connection:
            return (await refused(connection, eve)).code

    while await refusal() is not Code.BUSY:
        pass
    clock.jump(jump)
    again = [await refusal() for _ in range(WRONG_TOKENS_BURST)]
    assert Code.BUSY in again, "or an hour's tries were given at once"
    async with watcher(right) as ana:
        assert ana.room.connected


@jumps
async def test_f31_a_server_that_is_started_at_another_time_goes_on_with_what_there_was(
    server: MortalServer, clock: WallClock, jump: int
) -> None:
    async with watcher(server.link("den")) as ana:
        ana.room.document.replace(SOURCE, "from another time\n")
        await ana.room.text_settled()
        first, second = python(ECHO, stdin=StdinMode.SHARED), python("print('second')")
        for job in (first, second):
            await ana.room.submit(job)
        await server.kill()
        await ana.until_any(Disconnected)
        clock.jump(jump)
        await server.start()
        await ana.until(lambda: any(event.again for event in ana.of(Connected)))
        ana.room.cancel(first.job)
        assert (await ana.until_finished(second.job)).result.verdict is Verdict.OK
        assert ana.room.document.text() == "from another time\n"
        assert len((await ana.room.past.page()).jobs) == 2
