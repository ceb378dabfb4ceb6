"""A server with members who submit, watch, and record events."""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from http.client import HTTPConnection
from typing import Any

from codesync_client import JobOutput, Room, Submission
from codesync_protocol.messages import Finished, JobState, Queue
from codesync_protocol.verdict import Result, Verdict
from codesync_server.configuration.limits import JobLimits
from codesync_server.configuration.settings import Settings
from codesync_server.executors.contract import PoolStats
from tests.programs import python
from tests.servers import RunningServer, running_server
from tests.waiting import eventually

SETTINGS = Settings(
    port=0,
    executor="docker",
    max_concurrent=2,
    pool_size=2,
    cpus=1.0,
    drain_seconds=1.0,
    limits=replace(JobLimits(), run=replace(JobLimits().run, wall=20.0, cpu=20.0)),
)

HELLO = "print('hello')"
STAYS = "print('on', flush=True)\nwhile True: pass"
QUIET = "import time; time.sleep(2); print('done')"
"""Nobody sees anything of it before its end."""

SECONDS = 60.0


class House:
    """A server, and who is in its room.

    Attributes:
        server: the server.
        room: whoever submits.
        guest: whoever only watches, over a connection of their own.
        results: how jobs ended, as the submitter was told.
        output: what they wrote, as the submitter saw it.
        queues: all states of the queue that the guest was told.
    """

    def __init__(self, server: RunningServer, room: Room, guest: Room) -> None:
        self.server = server
        self.room = room
        self.guest = guest
        self.results: dict[str, Result] = {}
        self.output: defaultdict[str, bytes] = defaultdict(bytes)
        self.queues: list[Queue] = []

    @property
    def pool(self) -> PoolStats:
        """How the pool does."""
        return self.server.app.executor.pool

    async def until_parked(self, count: int) -> None:
        """Wait until so many sandboxes wait."""
        await eventually(lambda: self.pool.parked == count, SECONDS)

    async def submit(self, source: str | Submission) -> str:
        """Submit a program; gives its job id."""
        submission = python(source) if isinstance(source, str) else source
        self.room.follow(submission.job)
        await self.room.submit(submission)
        return submission.job

    async def ended(self, *jobs: str) -> list[Result]:
        """Wait until jobs have ended."""
        await eventually(lambda: all(job in self.results for job in jobs), SECONDS)
        return [self.results[job] for job in jobs]

    async def all_ok(self, *jobs: str) -> None:
        """Wait until jobs have ended, and well."""
        for result in await self.ended(*jobs):
            assert result.verdict is Verdict.OK, result.explanation

    async def until_running(self, *jobs: str) -> None:
        """Wait until the programs of jobs run."""
        await eventually(
            lambda: all(self.room.jobs[job].state is JobState.RUNNING for job in jobs), SECONDS
        )

    async def until_trouble(self, about: str = "") -> str:
        """Wait until both members were told that nothing can start; gives why."""
        await eventually(
            lambda: self.room.queue.trouble and about in self.guest.queue.trouble, SECONDS
        )
        return self.guest.queue.trouble

    async def until_well(self) -> None:
        """Wait until both members were told that all is well, and /health says so too."""
        await eventually(lambda: not self.room.queue.trouble and not self.guest.queue.trouble)
        async with asyncio.timeout(SECONDS):
            while (await self.health())[0] != 200:  # noqa: ASYNC110 # it is asked over HTTP
                await asyncio.sleep(0.05)

    async def health(self) -> tuple[int, Mapping[str, Any]]:
        """Ask for GET /health: status and body."""
        return await self._get("/health")

    async def stats(self) -> Mapping[str, Any]:
        """Ask for GET /stats."""
        return (await self._get("/stats"))[1]

    async def _get(self, path: str) -> tuple[int, Mapping[str, Any]]:
        address = self.server.app.address.removeprefix("ws://")

        def get() -> tuple[int, Mapping[str, Any]]:
            with closing(HTTPConnection(address, timeout=10)) as connection:
                connection.request("GET", path)
                with connection.getresponse() as answer:
                    return answer.status, json.load(answer)

        return await asyncio.to_thread(get)

    async def watch(self) -> None:
        """Remember what the submitter sees."""
        async for event in self.room.events():
            match event:
                case JobOutput(job=job, data=data):
                    self.output[job] += data
                case Finished(job=job, result=result):
                    assert job not in self.results, "a job ends once"
                    self.results[job] = result
                case _:
                    pass

    async def watch_queue(self) -> None:
        """Remember what the guest is told of the queue."""
        async for event in self.guest.events():
            if isinstance(event, Queue):
                self.queues.append(event)


@asynccontextmanager
async def house(settings: Settings = SETTINGS) -> AsyncGenerator[House, None]:
    """A server with two members while the block lasts; all jobs must have ended by then."""
    async with running_server(settings) as server:
        async with server.room("ana") as ana, server.room("ben") as ben:
            here = House(server, ana, ben)
            async with asyncio.TaskGroup() as tasks:
                watching = [tasks.create_task(here.watch()), tasks.create_task(here.watch_queue())]
                yield here
                unfinished = [job for job in ana.jobs if job not in here.results]
                for task in watching:
                    task.cancel()
    assert not unfinished, "every job has a final state"
