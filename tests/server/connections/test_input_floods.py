"""Members who ignore the window of a program's input (A31)."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest

from codesync_protocol.errors import Code
from codesync_protocol.limits import KIB, MIB, PART_MAX, STDIN_WINDOW
from codesync_protocol.messages import (
    Accepted,
    Cancel,
    Fault,
    FetchHistory,
    Finished,
    HistoryPage,
    Interrupt,
    Output,
    Started,
    StdinData,
    StdinEnd,
    StdinMode,
    Submit,
    TakeStdin,
)
from codesync_protocol.verdict import Verdict
from codesync_server.configuration.limits import JobLimits
from codesync_server.configuration.settings import Settings
from codesync_server.jobs.stdin import UNREAD_MAX
from tests.server.connections.wire import Wire, hello_to, member_of, python_job, wire_to
from tests.servers import RunningServer, running_server

LIMITS = JobLimits(run=replace(JobLimits().run, wall=120.0, cpu=120.0))
SETTINGS = Settings(
    port=0, executor="local", drain_seconds=1.0, max_concurrent=2, queue_bytes=2 * MIB
)

READS_LATER = """\
import signal, sys
signal.signal(signal.SIGINT, lambda *_: None)
print("deaf", flush=True)
signal.pause()
print(len(sys.stdin.buffer.read()), flush=True)
"""
"""Reads nothing until it is interrupted, and tells then how much had been kept for it."""

PIPE_BYTES = 2 * 64 * KIB
"""What the kernel holds between the runner and a program that does not read."""

POURED = 60
"""Parts that a client sends without regard to the window: 3.75 MiB."""


@pytest.fixture
async def server() -> AsyncGenerator[RunningServer, None]:
    async with running_server(replace(SETTINGS, limits=LIMITS)) as server:
        yield server


async def pour(wire: Wire, job: str, parts: int = POURED) -> int:
    """Send parts one after the other, and each that is refused again; tell how much was taken."""
    refused, sent = len(wire.of(Fault)), 0
    for number in range(parts):
        await wire.say(StdinData(job, sent, bytes(PART_MAX)), FetchHistory(number))
        while (await wire.hear(HistoryPage)).request != number:
            pass
        faults = wire.of(Fault)[refused:]
        refused += len(faults)
        if not faults:
            sent += PART_MAX
        for fault in faults:
            assert (fault.code, fault.job, fault.fatal) == (Code.STDIN_OVERFLOW, job, False)
    return sent


async def wrote(wire: Wire, job: str, line: bytes) -> None:
    while line not in output_of(wire, job):
        await wire.hear(Output)


def output_of(wire: Wire, job: str) -> Sequence[bytes]:
    return b"".join(each.data for each in wire.of(Output) if each.job == job).splitlines()


async def finished(wire: Wire, job: str) -> Finished:
    while not (found := [each for each in wire.of(Finished) if each.job == job]):
        await wire.hear(Finished)
    return found[0]


async def runs_a_program(wire: Wire) -> None:
    """A member is unaffected: its program is accepted, and ends well."""
    hello = python_job("print('hello')")
    await wire.say(hello)
    assert (await finished(wire, hello.job)).result.verdict is Verdict.OK


async def test_a31_input_beyond_the_window_is_refused_and_only_to_who_sends_it(
    server: RunningServer,
) -> None:
    job = python_job(READS_LATER, stdin=StdinMode.PIPED)
    async with member_of(server, name="eve") as eve, member_of(server, room="other-room") as ana:
        await eve.say(job)
        await wrote(eve, job.job, b"deaf")
        taken = await pour(eve, job.job)
        assert STDIN_WINDOW <= taken <= STDIN_WINDOW + PIPE_BYTES
        await runs_a_program(ana)
        assert not ana.of(Fault)
        await eve.say(StdinEnd(job.job), Interrupt(job.job))
        assert (await finished(eve, job.job)).result.verdict is Verdict.OK
        assert output_of(eve, job.job) == [b"deaf", b"%d" % taken], "that is all that was kept"


async def test_a31_a_job_that_waits_keeps_a_window_and_refused_input_takes_no_share(
    server: RunningServer,
) -> None:
    # Another invite could take the spare slot, and the program would not wait.
    one = hello_to(server, name="eve")
    async with wire_to(server) as eve, wire_to(server) as ana:
        await eve.enter(one)
        await ana.enter(hello_to(server, name="ana", token=one.token))
        blockers = [await started(ana) for _ in range(2)]
        job = python_job("import sys; print(len(sys.stdin.buffer.read()))", stdin=StdinMode.PIPED)
        await eve.say(job)
        await eve.hear(Accepted)
        taken = await pour(eve, job.job)
        assert taken == STDIN_WINDOW
        await eve.say(StdinEnd(job.job))
        # What was refused does not count: the room's 512 KiB of the queue are for its members.
        mine = large_job("print('mine')", PART_MAX - 16)
        await ana.say(mine)
        assert (await ana.hear(Accepted)).job == mine.job
        await ana.say(*(Cancel(each.job) for each in blockers))
        assert (await finished(ana, mine.job)).result.verdict is Verdict.OK
        await finished(eve, job.job)
        assert output_of(eve, job.job) == [b"%d" % taken]


async def started(wire: Wire) -> Submit:
    """A program that holds a slot until it is cancelled."""
    blocker = python_job("while True: pass")
    await wire.say(blocker)
    while (await wire.hear(Started)).job != blocker.job:
        pass
    return blocker


def large_job(source: str, size: int) -> Submit:
    return python_job(source + "\n#" + "x" * size)


async def test_a31_the_keys_of_one_invite_share_what_a_program_is_sent(
    server: RunningServer,
) -> None:
    job = python_job(READS_LATER, stdin=StdinMode.SHARED)
    first = hello_to(server, name="eve-0")
    async with AsyncExitStack() as stack, member_of(server, room="other-room") as ana:
        eves: list[Wire] = []
        for number in range(2 * UNREAD_MAX // STDIN_WINDOW):
            eves.append(await stack.enter_async_context(wire_to(server)))
            await eves[-1].enter(hello_to(server, name=f"eve-{number}", token=first.token))
        await eves[0].say(job)
        await wrote(eves[0], job.job, b"deaf")
        taken = 0
        for eve in eves:
            await eve.say(TakeStdin(job.job))
            taken += await pour(eve, job.job, 10)
        assert UNREAD_MAX - PART_MAX < taken <= UNREAD_MAX + PIPE_BYTES
        await runs_a_program(ana)
        await eves[-1].say(StdinEnd(job.job), Interrupt(job.job))
        await finished(eves[0], job.job)
        assert output_of(eves[0], job.job) == [b"deaf", b"%d" % taken]
