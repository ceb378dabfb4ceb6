"""Submits programs in tests, and waits for their results."""

import asyncio
from dataclasses import dataclass
from typing import TypeVar

from codesync_client import JobOutput, Room, RoomEvent, Submission
from codesync_protocol.messages import Finished, StdinMode, Stream
from codesync_protocol.verdict import Result

SECONDS = 60.0

_Event = TypeVar("_Event", bound=RoomEvent)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended, and what it wrote."""

    result: Result
    by: str
    stdout: bytes
    stderr: bytes
    compiler: bytes


def python(
    source: str, *, stdin: StdinMode = StdinMode.CLOSED, prepared: bytes = b"", tty: bool = False
) -> Submission:
    """A Python program to submit."""
    return Submission(
        "python", [("main.py", source.encode())], prepared_stdin=prepared, stdin=stdin, tty=tty
    )


async def until(room: Room, kind: type[_Event]) -> _Event:
    """Read events until one of a kind comes."""
    async with asyncio.timeout(SECONDS):
        async for event in room.events():
            if isinstance(event, kind):
                return event
    raise AssertionError(f"the room ended before a {kind.__name__} came")


async def outcome(room: Room, job: str) -> Outcome:
    """Read events until a job has ended."""
    output = dict.fromkeys(Stream, b"")
    async with asyncio.timeout(SECONDS):
        async for event in room.events():
            match event:
                case JobOutput(job=of, stream=stream, data=data) if of == job:
                    output[stream] += data
                case Finished(job=of) if of == job:
                    return Outcome(
                        event.result,
                        event.by,
                        output[Stream.STDOUT],
                        output[Stream.STDERR],
                        output[Stream.COMPILER],
                    )
                case _:
                    pass
    raise AssertionError("the room ended before the job")


async def submit_and_wait(room: Room, submission: Submission) -> Outcome:
    """Submit a program and wait for its end."""
    room.follow(submission.job)
    await room.submit(submission)
    return await outcome(room, submission.job)
