"""Idle programs with a terminal do not delay other rooms (H32)."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest
import pytest_asyncio

from codesync_client import JobOutput, Room, Submission
from codesync_protocol.messages import Finished, JobState, Queue, StdinMode
from codesync_protocol.verdict import Verdict
from codesync_server.configuration.limits import TTY, JobLimits
from codesync_server.configuration.settings import Settings
from tests.programs import SECONDS, outcome, python, until
from tests.server.connections.wire import get
from tests.servers import RunningServer, running_server

PATIENT = JobLimits(tty=replace(TTY, cpu=60.0, idle=200.0))
SETTINGS = Settings(port=0, drain_seconds=1.0, max_concurrent=3, cpus=1.0, limits=PATIENT)

DOTS = b"import time\nwhile True:\n    print('.', flush=True)\n    time.sleep(20)\n"
ASKS = b"while True: print('hello', input('? '))"


@pytest.fixture(params=["local", pytest.param("docker", marks=pytest.mark.docker)])
def kind(request: pytest.FixtureRequest) -> str:
    """Each executor in turn."""
    if request.param == "docker":
        request.getfixturevalue("executor_image")
    return str(request.param)


@pytest_asyncio.fixture
async def server(kind: str) -> AsyncGenerator[RunningServer, None]:
    """A server with the default limits, but with time enough on the slowest machine."""
    async with running_server(replace(SETTINGS, executor=kind)) as running:
        yield running


def on_a_terminal(source: bytes) -> Submission:
    """A Python program that any member may type into."""
    return Submission("python", [("main.py", source)], stdin=StdinMode.SHARED, tty=True)


async def until_idle(room: Room, *jobs: str) -> None:
    """Read events until programs are known to be idle."""
    while not set(jobs) <= {each.job for each in room.queue.jobs if each.idle}:
        await until(room, Queue)


def is_idle(room: Room, job: str) -> bool:
    return any(each.job == job and each.idle for each in room.queue.jobs)


async def test_h32_two_rooms_of_terminal_programs_that_sleep_hold_no_slot(
    server: RunningServer,
) -> None:
    sleepers = [on_a_terminal(DOTS) for _ in range(4)]
    async with server.room(room="dots-a") as a, server.room(room="dots-b") as b:
        for number, sleeper in enumerate(sleepers):
            await (a, b)[number % 2].submit(sleeper)
        await until_idle(a, sleepers[0].job, sleepers[2].job)
        await until_idle(b, sleepers[1].job, sleepers[3].job)
        async with server.room(room="other") as other:
            assert (other.queue.active, other.queue.idle) == (0, 4)
            program = python("print(1)")
            await other.submit(program)
            ended = await outcome(other, program.job)
            assert (ended.result.verdict, ended.stdout) == (Verdict.OK, b"1\n")
            queued = next(stage for stage in ended.result.stages if stage.name == "queued")
            assert queued.seconds < 20, "it did not wait for a program that sleeps"
        assert all(a.jobs[each.job].state is JobState.RUNNING for each in sleepers[::2])
        assert all(b.jobs[each.job].state is JobState.RUNNING for each in sleepers[1::2])
        figures = (await get(server, "/stats")).figures
        assert (figures["idle"], figures["interactive"]) == (4, 4)
        assert figures["interactive_max"] == SETTINGS.interactive_max


async def test_h32_sixteen_rooms_that_wait_for_input_delay_nobody_and_go_on_when_answered(
    server: RunningServer,
) -> None:
    async with AsyncExitStack() as rooms:
        waiting: list[tuple[Room, str]] = []
        for number in range(16):
            room = await rooms.enter_async_context(server.room(room=f"asks-{number}"))
            asks = on_a_terminal(ASKS)
            await room.submit(asks)
            waiting.append((room, asks.job))
        for room, job in waiting:
            await until_idle(room, job)
        other = await rooms.enter_async_context(server.room(room="other"))
        hogs = [python("while True: pass") for _ in range(SETTINGS.max_concurrent)]
        for hog in hogs:
            await other.submit(hog)
        while other.queue.active < SETTINGS.max_concurrent:
            await until(other, Queue)
        # All slots are taken; a program that is answered goes on all the same.
        room, job = waiting[0]
        await room.send_stdin(job, b"Bob\n")
        said = b""
        async with asyncio.timeout(SECONDS):
            async for event in room.events():
                if isinstance(event, JobOutput) and event.job == job:
                    said += event.data
                    if b"hello Bob\n" in said:
                        break
        assert any(other.jobs[hog.job].state is not JobState.FINISHED for hog in hogs)


async def test_a_program_that_computes_again_is_shown_as_one_that_runs(
    server: RunningServer,
) -> None:
    works = on_a_terminal(
        b"import select, sys\n"
        b"while True:\n"
        b"    input('? ')\n"
        b"    while not select.select([sys.stdin], [], [], 0)[0]: pass\n"
        b"    input()\n"
    )
    async with server.room() as room:
        await room.submit(works)
        await until_idle(room, works.job)
        await room.send_stdin(works.job, b"\n")
        while is_idle(room, works.job):
            await until(room, Queue)
        await room.send_stdin(works.job, b"\n")
        await until_idle(room, works.job)
        room.cancel(works.job)
        await until(room, Finished)


async def test_who_finds_no_place_is_told_which_limit_is_reached(kind: str) -> None:
    limited = replace(SETTINGS, executor=kind, interactive_per_member=1)
    async with running_server(limited) as server, server.room() as room:
        first, second = on_a_terminal(ASKS), on_a_terminal(ASKS)
        await room.submit(first)
        await until_idle(room, first.job)
        await room.submit(second)
        while not any(each.job == second.job and each.held_up for each in room.queue.jobs):
            await until(room, Queue)
        (waiting,) = [each for each in room.queue.jobs if each.job == second.job]
        assert waiting.state == JobState.QUEUED
        assert waiting.held_up == "programs with a terminal: 1 of this member, the limit"
        assert waiting.starts_in == 0.0
        room.cancel(first.job)
        await until_idle(room, second.job)
