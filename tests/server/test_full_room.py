"""H09: a room that is filled to all its limits can be entered, followed and read."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

import pytest

from codesync_client import Room as ClientRoom
from codesync_client.events import JobOutput
from codesync_protocol.messages import (
    JobState,
    Members,
    Notice,
    Queue,
    QueuedJob,
    Role,
    StdinEcho,
    StdinMode,
    Stream,
)
from codesync_protocol.verdict import EXPLANATION_MAX, Result, Stage, Verdict
from codesync_server.jobs.job import Job, Submitter
from codesync_server.rooms.frames import frame_of
from codesync_server.rooms.room import Room
from tests.server.making import job_id, make_job
from tests.servers import RunningServer, running_server
from tests.waiting import eventually

NAME = "\U00020000" * 16
"""The longest name: 16 characters of two columns and 4 bytes each."""

LETTERS = "\U0010ffff"
WAITING = 150
TYPED = 1_000
SECONDS = 60


class Deaf:
    """The channel of a member who takes nothing."""

    def put_reply(self, frame: bytes) -> None:
        """Nothing."""

    def put_state(
        self, kind: str, *frames: bytes, whole: Callable[[], Sequence[bytes]] | None = None
    ) -> None:
        """Nothing."""

    def put_event(self, frame: bytes, *, may_skip: bool = False, urgent: bool = False) -> None:
        """Nothing."""

    def put_bulk(
        self, make: Callable[[], bytes | None], size: int = 0, source: bytes = b""
    ) -> bool:
        """There is always a place."""
        return True

    def close(self, reason: str) -> None:
        """Nothing."""

    def cut(self, last: bytes, reason: str) -> None:
        """Nothing."""


def a_job(number: int) -> Job:
    """A job whose texts are all as long as they may be."""
    job = make_job(number, stdin=StdinMode.SHARED)
    job.submitter = Submitter("0" * 32, 1, LETTERS * 200)
    job.title = LETTERS * 100
    return job


def finished(number: int) -> Job:
    job = a_job(number)
    stages = tuple(Stage(LETTERS * 40, 1.0) for _ in range(32))
    job.result = Result(Verdict.OK, LETTERS * (EXPLANATION_MAX + 500), stages=stages)
    job.state, job.is_end_published = JobState.FINISHED, True
    return job


def typed_into(job: Job) -> None:
    """A program into which as many lines were typed as are kept, by somebody with a long name."""
    name, line = LETTERS * 200, b"x" * 60
    for number in range(TYPED):
        job.output.add(Stream.STDOUT, b"?")
        job.output.published = job.output.total
        echo = StdinEcho(0, job.id, 1, name, line, offset=number // 2, number=number)
        job.stdin_log.add(partial(_same, echo))


def _same(echo: StdinEcho, number: int) -> StdinEcho:
    assert echo.number == number
    return echo


def fill(room: Room, members: int) -> None:
    """Fill a room: members, waiting and finished jobs, typed lines."""
    for number in range(members):
        key = f"{number + 1:032x}"
        room.enter(key, f"{NAME}{number}", Role.EDITOR, Deaf())
    for number in range(1, 21):
        room.add_job(finished(number))
    for number in range(21, 21 + WAITING):
        room.add_job(a_job(number))
    typed_into(room.jobs[job_id(21)])


async def full_room(server: RunningServer, members: int) -> Room:
    room = await server.app._rooms.open("test-room", 0.0)  # pyright: ignore[reportPrivateUsage]
    fill(room, members)
    return room


@pytest.mark.parametrize("members", [10, 440])
async def test_h09_a_room_filled_to_its_limits_can_be_entered(members: int) -> None:
    async with running_server() as server, asyncio.timeout(SECONDS):
        room = await full_room(server, members)
        async with server.room("eve") as eve:
            assert eve.members == room.members
            assert len(eve.members.members) == members + 1
            assert list(eve.jobs) == [job_id(number) for number in range(1, 21 + WAITING)]
            assert len(eve.queue.jobs) == WAITING
            assert eve.languages == server.app.languages.infos()
            async with server.room("ben") as ben:
                assert ben.members == room.members
                await eventually(lambda: eve.members == room.members)
            await eventually(lambda: len(eve.members.members) == members + 1)


async def test_h09_whoever_is_in_a_full_room_sees_it_change_as_a_whole() -> None:
    async with running_server() as server, asyncio.timeout(SECONDS):
        room = await full_room(server, 440)
        async with server.room("eve") as eve:
            async with server.room("ben"):
                room.notify(Notice("info", "the end"))
                async for event in eve.events():
                    match event:
                        case Members(members=members):
                            assert len(members) in (441, 442), "all, and never a page"
                        case Queue(jobs=jobs):
                            assert len(jobs) == WAITING
                        case Notice(text="the end"):
                            break
                        case _:
                            pass


async def read_all(eve: ClientRoom, job: str) -> tuple[bytes, list[int]]:
    """Follow a job from its beginning; its output, and the numbers of the lines typed into it."""
    eve.follow(job)
    output, lines = b"", list[int]()
    async for event in eve.events():
        match event:
            case JobOutput(job=of, data=data) if of == job:
                output += data
            case StdinEcho(job=of, number=number) if of == job:
                lines.append(number)
            case _:
                pass
        if len(output) == TYPED and len(lines) == TYPED:
            break
    return output, lines


async def test_h09_a_thousand_typed_lines_are_read_again_each_once_and_in_order() -> None:
    async with running_server() as server, asyncio.timeout(SECONDS):
        await full_room(server, 10)
        async with server.room("eve") as eve:
            output, lines = await read_all(eve, job_id(21))
            assert output == b"?" * TYPED
            assert lines == list(range(TYPED))
            assert eve.connected


def test_h09_a_message_that_is_too_large_is_logged_once_and_not_sent(
    caplog: pytest.LogCaptureFixture,
) -> None:
    too_many = Queue(tuple(QueuedJob("0" * 32, "queued", 1) for _ in range(10_000)))
    assert [frame_of(too_many) for _ in range(5)] == [None] * 5
    assert len([each for each in caplog.records if "not sent: a Queue" in each.message]) == 1
