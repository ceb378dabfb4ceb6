"""Waits in a room for an event, or for the outcome of a job."""

import asyncio
from typing import Final, TypeVar

from codesync_attacks.attack import Outcome
from codesync_client.errors import Offline
from codesync_client.events import JobOutput, RoomEvent
from codesync_client.room import Room
from codesync_client.submission import Submission
from codesync_protocol.messages import Finished, Stream

SECONDS: Final = 60.0
"""Time limit of each wait."""

_Event = TypeVar("_Event", bound=RoomEvent)


async def until(room: Room, kind: type[_Event]) -> _Event:
    """Read events until one of a type arrives.

    Raises:
        Offline: it does not arrive.
    """
    try:
        async with asyncio.timeout(SECONDS):
            async for event in room.events():
                if isinstance(event, kind):
                    return event
    except TimeoutError:
        raise Offline(f"no {kind.__name__} came within {SECONDS:.0f} s") from None
    raise Offline(f"the room ended before a {kind.__name__} came")


async def outcome(room: Room, job: str) -> Outcome:
    """Read events until a job has ended.

    Raises:
        Offline: it does not end.
    """
    output = dict.fromkeys(Stream, b"")
    try:
        async with asyncio.timeout(SECONDS):
            async for event in room.events():
                match event:
                    case JobOutput(job=of, stream=stream, data=data) if of == job:
                        output[stream] += data
                    case Finished(job=of, result=result, by=by) if of == job:
                        streams = (output[each] for each in Stream)
                        return Outcome(result, by, *streams)
                    case _:
                        pass
    except TimeoutError:
        raise Offline(f"the program did not end within {SECONDS:.0f} s") from None
    raise Offline("the room ended before the job")


async def submit_and_wait(room: Room, submission: Submission) -> Outcome:
    """Submit a program and wait for its end."""
    room.follow(submission.job)
    await room.submit(submission)
    return await outcome(room, submission.job)
