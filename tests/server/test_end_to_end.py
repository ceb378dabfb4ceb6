"""A job through a real websocket: submit, queue, run, and live output for the room."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator

import pytest

from codesync_client import JobOutput, Room, RoomEvent, Submission
from codesync_protocol.messages import (
    Finished,
    Started,
    StdinEcho,
    StdinHeld,
    StdinMode,
    Submitted,
)
from codesync_protocol.verdict import Verdict
from codesync_server.configuration.settings import Settings
from tests.programs import SECONDS, outcome, python, submit_and_wait, until
from tests.servers import RunningServer, running_server
from tests.waiting import eventually


@pytest.fixture
async def server(executor_kind: str) -> AsyncGenerator[RunningServer, None]:
    settings = Settings(port=0, executor=executor_kind, drain_seconds=1.0, pool_size=1)
    async with running_server(settings) as server:
        yield server


async def test_a_program_runs_and_its_output_and_figures_come_back(server: RunningServer) -> None:
    async with server.room() as room:
        ended = await submit_and_wait(
            room, python("import sys; print('out'); print('err', file=sys.stderr)")
        )
    assert ended.result.verdict is Verdict.OK
    assert (ended.stdout, ended.stderr, ended.compiler) == (b"out\n", b"err\n", b"")
    assert ended.result.output_bytes == 8
    assert ended.result.wall_seconds > 0
    assert ended.result.cpu_seconds > 0
    assert ended.result.peak_memory > 1_000_000
    assert [stage.name for stage in ended.result.stages] == ["queued", "claimed", "ran"]


async def _story(room: Room) -> list[RoomEvent]:
    events: list[RoomEvent] = []
    async with asyncio.timeout(SECONDS):
        async for event in room.events():
            if isinstance(event, Submitted | Started | JobOutput | Finished):
                events.append(event)
            if isinstance(event, Finished):
                break
    return events


async def test_everyone_in_the_room_sees_the_same_events_in_the_same_order(
    server: RunningServer,
) -> None:
    async with server.room("ana") as ana, server.room("ben") as ben:
        await ana.submit(python("for n in range(3): print(n, flush=True)"))
        of_ana, of_ben = await _story(ana), await _story(ben)
    assert of_ana == of_ben
    assert isinstance(of_ana[0], Submitted)
    assert of_ana[0].job.name == "ana"
    assert b"".join(e.data for e in of_ana if isinstance(e, JobOutput)) == b"0\n1\n2\n"


async def test_nothing_of_a_room_is_seen_in_another(server: RunningServer) -> None:
    async with server.room("ana", room="one-room") as one:
        async with server.room("ben", room="two-room") as two:
            secret = python("print('secret')")
            await submit_and_wait(one, secret)
            await two.submit(python("print('own')"))
            for event in await _story(two):
                assert secret.job not in repr(event)
                assert "'ana'" not in repr(event)
            assert [member.name for member in two.members.members] == ["ben"]


async def test_a65_a_prompt_shows_at_once_and_whoever_takes_over_answers_it(
    server: RunningServer,
) -> None:
    async with server.room("ana") as ana, server.room("ben") as ben:
        submission = python(
            "name = input('name? '); print('hello', name)", stdin=StdinMode.SHARED, tty=True
        )
        await ana.submit(submission)
        prompt = await until(ben, JobOutput)
        assert prompt.data == b"name? "
        ben.take_stdin(submission.job)
        held = await until(ana, StdinHeld)
        assert (held.name, ana.jobs[submission.job].holder) == ("ben", ben.welcome.member)
        await ben.send_stdin(submission.job, b"bob\n")
        echo = await until(ana, StdinEcho)
        assert (echo.name, echo.data) == ("ben", b"bob\n")
        ended = await outcome(ana, submission.job)
    assert (ended.result.verdict, ended.stdout) == (Verdict.OK, b"hello bob\n")


async def test_five_megabytes_of_stdin_arrive_whole(server: RunningServer) -> None:
    data = bytes(range(256)) * 20_000
    submission = python(
        "import sys, hashlib; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())",
        stdin=StdinMode.PIPED,
    )
    async with server.room() as room:
        await room.submit(submission)
        for start in range(0, len(data), 100_000):
            await room.send_stdin(submission.job, data[start : start + 100_000])
        room.end_stdin(submission.job)
        ended = await outcome(room, submission.job)
    assert ended.stdout.decode().strip() == hashlib.sha256(data).hexdigest()


async def test_a_large_submission_goes_in_parts(server: RunningServer) -> None:
    source = b"import sys; print(len(sys.stdin.read()))\n" + b"# filler\n" * 100_000
    async with server.room() as room:
        ended = await submit_and_wait(
            room, Submission("python", [("big.py", source)], prepared_stdin=b"x" * 3_000_000)
        )
    assert (ended.result.verdict, ended.stdout) == (Verdict.OK, b"3000000\n")


async def test_a65_cancel_ends_a_running_job_and_says_who_did_it(server: RunningServer) -> None:
    async with server.room("ana") as ana, server.room("ben") as ben:
        submission = python("while True: pass")
        await ana.submit(submission)
        await until(ben, Started)
        ben.cancel(submission.job)
        ended = await outcome(ben, submission.job)
    assert (ended.result.verdict, ended.by) == (Verdict.CANCELLED, "ben")
    assert ended.result.cpu_seconds > 0


async def test_cancel_takes_a_waiting_job_out_of_the_queue(server: RunningServer) -> None:
    async with server.room() as room:
        for _ in range(3):
            await room.submit(python("import time; time.sleep(4)"))
        waiting = python("print('never')")
        assert (await room.submit(waiting)).position >= 1
        room.cancel(waiting.job)
        ended = await outcome(room, waiting.job)
        assert (ended.result.verdict, ended.stdout) == (Verdict.CANCELLED, b"")


async def test_a_newcomer_sees_a_running_program_from_its_beginning(server: RunningServer) -> None:
    submission = python(
        "print('first', flush=True)\ninput()\nprint('last')", stdin=StdinMode.SHARED
    )
    async with server.room("ana") as ana:
        await ana.submit(submission)
        await until(ana, JobOutput)
        async with server.room("ben") as ben:
            ben.follow(submission.job)
            ben.take_stdin(submission.job)
            await ben.send_stdin(submission.job, b"\n")
            ended = await outcome(ben, submission.job)
    assert ended.stdout == b"first\nlast\n"


async def test_what_a_program_leaves_running_ends_with_it(server: RunningServer) -> None:
    async with server.room() as room:
        ended = await submit_and_wait(
            room,
            python("import os, time\nif os.fork() == 0:\n    time.sleep(60)\nprint('parent')"),
        )
        assert (ended.result.verdict, ended.stdout) == (Verdict.OK, b"parent\n")
        await eventually(lambda: server.app.stats()["active"] == 0)
