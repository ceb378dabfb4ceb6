"""Floods of submissions, cancellations and new rooms (A56)."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack

import pytest

from codesync_protocol.errors import Code
from codesync_protocol.messages import (
    Accepted,
    Cancel,
    Finished,
    Refused,
    Rejected,
    Submit,
    Welcome,
)
from codesync_protocol.verdict import Verdict
from codesync_server.configuration.settings import Settings
from tests.server.connections.wire import SECONDS, Wire, hello_to, member_of, python_job, wire_to
from tests.servers import RunningServer, running_server
from tests.waiting import eventually

SETTINGS = Settings(port=0, executor="local", drain_seconds=1.0, rooms_max=50)
SLEEPS = "import time; time.sleep(5)"

KEYS = 5
FLOOD = 1000
"""Submissions at once, by all keys of one invite together."""

ROOMS_TRIED = 600


@pytest.fixture
async def server() -> AsyncGenerator[RunningServer, None]:
    async with running_server(SETTINGS) as server:
        yield server


async def runs_a_program(wire: Wire) -> None:
    """Another room's member is unaffected: its program is accepted, and ends well."""
    hello = python_job("print('hello')")
    await wire.say(hello)
    accepted = await wire.hear(Accepted)
    assert accepted.job == hello.job
    while (finished := await wire.hear(Finished)).job != hello.job:
        pass
    assert finished.result.verdict is Verdict.OK
    assert not wire.of(Rejected)


async def nothing_is_left(server: RunningServer) -> None:
    """Wait until no job waits or runs."""

    def is_idle() -> bool:
        stats = server.app.stats()
        return stats["queued"] == stats["active"] == 0

    await eventually(is_idle)


async def answered(wire: Wire, jobs: list[Submit]) -> Counter[Code | None]:
    """Wait for the answer to each submission; count them by the reason of the refusal."""
    async with asyncio.timeout(SECONDS):
        while len(wire.of(Accepted)) + len(wire.of(Rejected)) < len(jobs):
            await wire.next()
    codes: Counter[Code | None] = Counter(Code(each.code) for each in wire.of(Rejected))
    codes[None] = len(wire.of(Accepted))
    return codes


async def test_a56_a_thousand_submissions_of_one_invite_leave_others_their_turn(
    server: RunningServer,
) -> None:
    invite = hello_to(server).token
    async with AsyncExitStack() as stack, member_of(server, room="other-room") as ana:
        jobs: dict[Wire, list[Submit]] = {}
        for number in range(KEYS):
            eve = await stack.enter_async_context(wire_to(server))
            await eve.enter(hello_to(server, name=f"eve-{number}", token=invite))
            jobs[eve] = [python_job(SLEEPS) for _ in range(FLOOD // KEYS)]
        async with asyncio.TaskGroup() as tasks:
            floods = [tasks.create_task(flood(eve, sent)) for eve, sent in jobs.items()]
            tasks.create_task(runs_a_program(ana))
        total = sum((task.result() for task in floods), Counter[Code | None]())
        assert total[None] <= KEYS * (SETTINGS.queue_per_member + 1) + SETTINGS.max_concurrent
        assert total[Code.QUEUE_FULL]
        assert total[Code.TOO_FAST], "beyond its budget a member is refused before any other check"
        assert sum(total.values()) == FLOOD, "each is answered"
        await ana.say(python_job("print('again')"))
        await ana.hear(Accepted)
        for eve, sent in jobs.items():
            await eve.say(*(Cancel(job.job) for job in sent))
        await nothing_is_left(server)


async def flood(eve: Wire, jobs: list[Submit]) -> Counter[Code | None]:
    await eve.say(*jobs)
    return await answered(eve, jobs)


async def test_a56_a_member_that_comes_back_has_spent_what_it_spent(server: RunningServer) -> None:
    hello = hello_to(server, name="eve")
    async with wire_to(server) as eve:
        await eve.enter(hello)
        jobs = [python_job(SLEEPS) for _ in range(SETTINGS.submits_per_minute)]
        assert (await flood(eve, jobs))[Code.TOO_FAST]
        await eve.say(*(Cancel(job.job) for job in jobs))
    async with wire_to(server) as again:
        await again.enter(hello)
        more = [python_job(SLEEPS) for _ in range(SETTINGS.submits_per_minute // 2)]
        assert (await flood(again, more))[Code.TOO_FAST], "a new connection has no new budget"
        await again.say(*(Cancel(job.job) for job in more))
        await nothing_is_left(server)


async def test_a56_a_storm_of_submissions_and_cancellations_leaves_nothing_behind(
    server: RunningServer,
) -> None:
    async with member_of(server, name="eve") as eve, member_of(server, room="other-room") as ana:
        jobs = [python_job(SLEEPS) for _ in range(200)]
        storm = [message for job in jobs for message in (job, Cancel(job.job), Cancel(job.job))]
        async with asyncio.TaskGroup() as tasks:
            sending = tasks.create_task(eve.say(*storm))
            tasks.create_task(runs_a_program(ana))
        assert sending.done()
        await answered(eve, jobs)
        await nothing_is_left(server)
        accepted = sorted(each.job for each in eve.of(Accepted))
        async with asyncio.timeout(SECONDS):
            while len(eve.of(Finished)) < len(accepted):
                await eve.next()
        assert sorted(each.job for each in eve.of(Finished)) == accepted, "each ends once"
        await runs_a_program(ana)


async def test_a56_rooms_without_end_are_refused_and_keep_no_memory(server: RunningServer) -> None:
    few = asyncio.Semaphore(10)
    answers: Counter[str] = Counter()

    async def open_room(number: int) -> None:
        async with few, wire_to(server, source="127.0.0.2") as wire:
            name = f"room-{number}"
            await wire.say(hello_to(server, room=name, token=server.app.token))
            async with asyncio.timeout(SECONDS):
                while not isinstance(answer := await wire.next(), Welcome | Refused):
                    pass
            answers[answer.code if isinstance(answer, Refused) else "welcome"] += 1

    async with member_of(server) as ana:
        async with asyncio.TaskGroup() as tasks:
            for number in range(ROOMS_TRIED):
                tasks.create_task(open_room(number))
        assert answers["welcome"] < ROOMS_TRIED
        assert set(answers) <= {"welcome", Code.BUSY, Code.TOO_FAST}
        stats = server.app.stats()
        assert isinstance(stats["rooms"], int)
        assert stats["rooms"] <= SETTINGS.rooms_max
        await runs_a_program(ana)
        async with member_of(server, name="ben", room="innocent") as ben:
            await runs_a_program(ben)
