"""A submission gets the smaller or larger limits that it requests."""

import os
from collections.abc import AsyncGenerator
from dataclasses import replace

import pytest

from codesync_client import Room, Submission, SubmissionRejected
from codesync_protocol.errors import Code
from codesync_protocol.limits import MIB
from codesync_protocol.messages import RunLimits, Submitted
from codesync_protocol.verdict import Verdict
from codesync_server.configuration.limits import COMPILE, RUN, Caps, JobLimits
from codesync_server.configuration.settings import Settings
from codesync_server.executors.choice import sandbox_profile
from tests.conftest import require_command
from tests.programs import Outcome, python, submit_and_wait, until
from tests.servers import RunningServer, running_server

CAPS = Caps(memory=384 * MIB, wall=20.0)
HOLD = """
held = bytearray({size} << 20)
for page in range(0, len(held), 4096):
    held[page] = 1
print("held", flush=True)
import time
time.sleep(0.5)
"""
SPIN = "while True: pass"
SLEEP = "import time; print('asleep', flush=True); time.sleep(60)"
FLOOD = "import sys\nwhile True: sys.stdout.write('x' * 1000)"
FORKS = """
import os, signal
children = []
try:
    while True:
        child = os.fork()
        if child == 0:
            signal.pause()
        children.append(child)
except BlockingIOError:
    print(len(children), flush=True)
    raise
"""


@pytest.fixture
async def server(executor_kind: str) -> AsyncGenerator[RunningServer, None]:
    settings = Settings(
        port=0, executor=executor_kind, drain_seconds=1.0, pool_size=1, cpus=1.0, caps=CAPS
    )
    async with running_server(settings) as server:
        yield server


async def run(room: Room, source: str, limits: RunLimits, *, tty: bool = False) -> Outcome:
    return await submit_and_wait(room, replace(python(source, tty=tty), limits=limits))


async def test_less_wall_time(server: RunningServer) -> None:
    async with server.room() as room:
        for tty in (False, True):
            ended = await run(room, SLEEP, RunLimits(wall_seconds=0.7), tty=tty)
            assert ended.result.verdict is Verdict.TIME_LIMIT
            assert ended.result.explanation == "wall time limit: 0.7 of 0.7 s"
            assert ended.stdout == b"asleep\n"


async def test_less_cpu_time(server: RunningServer) -> None:
    async with server.room() as room:
        ended = await run(room, SPIN, RunLimits(cpu_seconds=0.3))
    assert ended.result.verdict is Verdict.TIME_LIMIT
    assert ended.result.explanation.startswith("cpu time limit: ")
    assert ended.result.explanation.endswith(" of 0.3 s")
    assert 0.3 <= ended.result.cpu_seconds < RUN.cpu


async def test_less_memory(server: RunningServer) -> None:
    async with server.room() as room:
        ended = await run(room, HOLD.format(size=120), RunLimits(memory=64 * MIB))
        assert ended.result.verdict is Verdict.MEMORY_LIMIT
        assert " of 64 MB, ended" in ended.result.explanation
        fits = await run(room, HOLD.format(size=20), RunLimits(memory=64 * MIB))
        assert (fits.result.verdict, fits.stdout) == (Verdict.OK, b"held\n")


async def test_less_memory_holds_for_processes_that_left_their_parents(
    server: RunningServer,
) -> None:
    """No process alone is over, and none is below the program in the tree any more."""
    leave = f"""
import os
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork():
            os._exit(0)
        exec({HOLD.format(size=40)!r})
        time.sleep(60)
        os._exit(0)
import time
time.sleep(60)
"""
    async with server.room() as room:
        ended = await run(room, leave, RunLimits(memory=80 * MIB))
    assert ended.result.verdict is Verdict.MEMORY_LIMIT


async def test_less_output(server: RunningServer) -> None:
    async with server.room() as room:
        ended = await run(room, FLOOD, RunLimits(output=5000))
        assert ended.result.verdict is Verdict.OUTPUT_LIMIT
        assert ended.result.explanation == "output limit: more than 5000 bytes"
        assert ended.stdout == b"x" * 5000
        fits = await run(room, "print('x' * 99)", RunLimits(output=100))
        assert fits.result.verdict is Verdict.OK


async def test_fewer_processes(server: RunningServer, executor_kind: str) -> None:
    asked = RunLimits(processes=12)
    async with server.room() as room:
        if executor_kind == "local" and os.geteuid() == 0:
            with pytest.raises(SubmissionRejected, match="processes: programs run as root here"):
                await run(room, FORKS, asked)
            return
        ended = await run(room, FORKS, asked)
    assert ended.result.verdict is Verdict.RUNTIME_ERROR
    assert b"BlockingIOError" in ended.stderr
    # The program is one of the twelve, and in a container its runner another.
    assert int(ended.stdout) in (10, 11)


async def test_memory_that_processes_share_counts_once(server: RunningServer) -> None:
    """Ten processes with the same 40 MB; the limit is 200."""
    share = f"""
import os
{HOLD.format(size=40)}
for _ in range(9):
    if os.fork() == 0:
        time.sleep(60)
time.sleep(0.5)
"""
    async with server.room() as room:
        ended = await run(room, share, RunLimits(memory=200 * MIB))
    assert ended.result.verdict is Verdict.OK


async def test_more_up_to_the_cap_and_the_room_is_told(server: RunningServer) -> None:
    asked = RunLimits(wall_seconds=1000.0, cpu_seconds=1000.0, memory=1 << 40)
    async with server.room("ana") as ana, server.room("ben") as ben:
        ended = await run(ana, HOLD.format(size=300), asked)
        told = (await until(ben, Submitted)).job.limits
    assert (ended.result.verdict, ended.stdout) == (Verdict.OK, b"held\n")
    assert told == RunLimits(20.0, RUN.cpu, 384 * MIB, RUN.output, RUN.processes)


async def test_who_asks_for_nothing_gets_no_more_although_others_may(
    server: RunningServer,
) -> None:
    """Its container is as large as the cap: the stage is held to its own limit all the same."""
    async with server.room() as room:
        ended = await run(room, HOLD.format(size=300), RunLimits())
    assert ended.result.verdict is Verdict.MEMORY_LIMIT
    assert " of 256 MB, " in ended.result.explanation


async def test_a_compiler_has_its_own_limits_whatever_is_asked_for_the_run(
    server: RunningServer, executor_kind: str
) -> None:
    if executor_kind == "local":
        require_command("g++")
    program = b"#include <iostream>\nint main() { std::cout << 7; }"
    asked = RunLimits(cpu_seconds=0.2, memory=32 * MIB)
    async with server.room() as room:
        ended = await submit_and_wait(room, Submission("cpp", [("a.cpp", program)], limits=asked))
    assert (ended.result.verdict, ended.stdout) == (Verdict.OK, b"7")


async def test_too_little_for_any_program_is_refused(server: RunningServer) -> None:
    async with server.room() as room:
        with pytest.raises(SubmissionRejected) as caught:
            await room.submit(replace(python("print()"), limits=RunLimits(memory=1000)))
    assert caught.value.code is Code.BAD_SUBMISSION
    assert "memory: 1000 is invalid" in caught.value.reason


def test_a_container_may_use_as_much_as_any_stage_and_any_cap() -> None:
    tty = replace(RUN, memory=320 * MIB, processes=70)
    compiling = replace(COMPILE, open_files=1000)
    limits = JobLimits(compile=compiling, tty=tty)
    profile = sandbox_profile(Settings(limits=limits, tmp=32 * MIB, cpus=0.7, runtime="runsc"))
    assert (profile.memory, profile.processes, profile.open_files) == (320 * MIB, 128, 1000)
    assert (profile.tmp, profile.cpus, profile.runtime) == (32 * MIB, 0.7, "runsc")
    capped = sandbox_profile(Settings(limits=limits, caps=Caps(memory=1 << 30, processes=500)))
    assert (capped.memory, capped.processes) == (1 << 30, 500)
