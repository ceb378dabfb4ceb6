"""Enters the room, and passes its events to the screen one at a time."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator

from textual.message import Message

from codesync_client import (
    CannotConnect,
    EntryRefused,
    JobOutput,
    Offline,
    Room,
    RoomEvent,
    Submission,
    SubmissionRejected,
)
from codesync_tui.messages import EntryFailed, RoomEnded, RoomEventReceived, SubmissionAnswered

SLICE_BYTES = 8 * 1024
"""Bytes of output that are shown before keys and other events get their turn."""


class RoomSession:
    """The connection between the room and its screen.

    Args:
        room: the room, not entered yet.
        post: puts a message into the screen's queue.
    """

    def __init__(self, room: Room, post: Callable[[Message], bool]) -> None:
        self._room = room
        self._post = post

    async def run(self) -> None:
        """Enter the room, pass on its events until it ends, and leave. Runs as a worker."""
        try:
            room = await self._room.__aenter__()
        except (CannotConnect, EntryRefused) as error:
            self._post(EntryFailed(error))
            return
        try:
            async for event in room.events():
                for piece in split_output(event):
                    await self._deliver(piece)
            self._post(RoomEnded())
        finally:
            await _run_despite_cancellation(room.__aexit__(None, None, None))

    async def submit(self, submission: Submission) -> None:
        """Submit a program and report the answer. Runs as a worker."""
        try:
            await self._room.submit(submission)
        except (SubmissionRejected, Offline) as error:
            self._post(SubmissionAnswered(submission.job, error))
        else:
            self._post(SubmissionAnswered(submission.job))

    async def send_stdin(self, job: str, data: bytes) -> None:
        """Send input to a program; returns when more can be sent. Runs as a worker."""
        await self._room.send_stdin(job, data)

    async def _deliver(self, event: RoomEvent) -> None:
        message = RoomEventReceived(event)
        self._post(message)
        await message.handled.wait()


async def _run_despite_cancellation(work: Coroutine[None, None, None]) -> None:
    """Run a coroutine to its end even if the task is cancelled; it must be bounded itself.

    Textual cancels a worker twice when the app exits, and the second time while the room is left.
    """
    task = asyncio.ensure_future(work)
    was_cancelled = False
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            was_cancelled = True
    task.result()
    if was_cancelled:
        raise asyncio.CancelledError


def split_output(event: RoomEvent) -> Iterator[RoomEvent]:
    """Split output into pieces of at most SLICE_BYTES; yield other events unchanged."""
    if not isinstance(event, JobOutput) or len(event.data) <= SLICE_BYTES:
        yield event
        return
    for start in range(0, len(event.data), SLICE_BYTES):
        piece = event.data[start : start + SLICE_BYTES]
        yield JobOutput(event.job, event.stream, event.offset + start, piece)
