"""200 jobs at once: each has its own output, three run at a time, and none remains."""

import asyncio
import gc
import os
import threading
from collections.abc import Iterator
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest

from codesync_client import JobOutput, Room
from codesync_protocol.messages import Finished, Started
from codesync_protocol.verdict import Verdict
from codesync_server.configuration.settings import Settings
from tests.programs import python
from tests.sandbox.engine_view import EngineView
from tests.servers import running_server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(480)]

CLIENTS = 4
JOBS_EACH = 50
AT_ONCE = 3


@dataclass(frozen=True, slots=True)
class Belongings:
    """What this process has open or running."""

    descriptors: dict[int, str]
    threads: set[str]
    children: set[str]


def belongings() -> Belongings:
    """Look at this process."""
    gc.collect()
    return Belongings(
        dict(_descriptors()),
        {thread.name for thread in threading.enumerate()},
        {
            child
            for task in Path("/proc/self/task").iterdir()
            for child in (task / "children").read_text().split()
        },
    )


def _descriptors() -> Iterator[tuple[int, str]]:
    for name in os.listdir("/proc/self/fd"):
        try:
            yield int(name), os.readlink(f"/proc/self/fd/{name}")
        except FileNotFoundError:  # the folder's own, while it was listed
            continue


def program(client: int, number: int) -> str:
    """What says whose it is, and from when to when it ran by the machine's own clock."""
    return (
        "import time; began = time.monotonic()\n"
        "open('only-one-job-was-here', 'x').close()\n"
        f"print({client}, {number}, flush=True)\n"
        "print(began, time.monotonic())\n"
    )


@dataclass(slots=True)
class Story:
    """What one member saw.

    Attributes:
        outputs: what each job wrote.
        verdicts: how each job ended.
        most_running: how many ran at once at most, in the order that the server gave events.
    """

    outputs: dict[str, bytes]
    verdicts: dict[str, Verdict]
    most_running: int = 0


async def follow(room: Room, jobs: set[str]) -> Story:
    """Watch until all jobs have ended."""
    story = Story({}, {})
    running: set[str] = set()
    async for event in room.events():
        match event:
            case Started(job=job):
                running.add(job)
                story.most_running = max(story.most_running, len(running))
            case JobOutput(job=job, data=data):
                story.outputs[job] = story.outputs.get(job, b"") + data
            case Finished(job=job, result=result):
                assert job not in story.verdicts
                running.discard(job)
                story.verdicts[job] = result.verdict
                if len(story.verdicts) == len(jobs):
                    break
            case _:
                pass
    return story


async def two_hundred_jobs(executor: str) -> list[tuple[float, float]]:
    """Run them, and hold against each member's view what must be so.

    Returns:
        When each job began and ended.
    """
    settings = Settings(
        port=0,
        executor=executor,
        max_concurrent=AT_ONCE,
        queue_per_room=CLIENTS * JOBS_EACH,
        queue_per_member=JOBS_EACH,
    )
    jobs = {
        client: [python(program(client, number)) for number in range(JOBS_EACH)]
        for client in range(CLIENTS)
    }
    ids = {job.job for of_client in jobs.values() for job in of_client}
    async with running_server(settings) as server, AsyncExitStack() as open_rooms:
        rooms = [
            await open_rooms.enter_async_context(server.room(f"client-{n}")) for n in range(CLIENTS)
        ]
        async with asyncio.TaskGroup() as tasks:
            followers = [tasks.create_task(follow(room, ids)) for room in rooms]
            for client, room in enumerate(rooms):
                for job in jobs[client]:
                    room.follow(job.job)
                    tasks.create_task(room.submit(job))
    ran: list[tuple[float, float]] = []
    for story in (follower.result() for follower in followers):
        assert story.verdicts == dict.fromkeys(ids, Verdict.OK)
        assert story.most_running <= AT_ONCE
        ran.clear()
        for client, of_client in jobs.items():
            for number, job in enumerate(of_client):
                whose, times = story.outputs[job.job].decode().splitlines()
                assert whose == f"{client} {number}"
                began, ended = map(float, times.split())
                ran.append((began, ended))
    return ran


def most_at_once(spans: list[tuple[float, float]]) -> int:
    """How many of the spans overlap at most."""
    steps = sorted([(began, 1) for began, _ in spans] + [(ended, -1) for _, ended in spans])
    now = most = 0
    for _, step in steps:
        now += step
        most = max(most, now)
    return most


def test_two_hundred_jobs_run_three_at_a_time_and_leave_nothing(executor_kind: str) -> None:
    before = belongings()
    ran = asyncio.run(two_hundred_jobs(executor_kind))
    assert len(ran) == CLIENTS * JOBS_EACH
    assert most_at_once(ran) <= AT_ONCE
    assert belongings() == before
    if executor_kind == "docker":
        with closing(docker.APIClient(version="auto")) as client:
            assert EngineView(client).containers() == set()
