"""Enters the room, and passes its events to the screen one at a time."""

import asyncio
from collections.abc import Coroutine, Iterator

from textual.screen import Screen
from textual.worker import Worker

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
"""Bytes of output that are shown at once, before other messages are handled."""


class RoomSession:
    """The connection between the room and its screen.

    Its work is done by workers of the screen; they report by messages.

    Args:
        room: the room, not entered yet.
        screen: owns the workers, and gets the messages.
    """

    def __init__(self, room: Room, screen: Screen[None]) -> None:
        self._room = room
        self._screen = screen

    def start(self) -> Worker[None]:
        """Enter the room, pass on its events until it ends, and leave it."""
        return self._screen.run_worker(self._run(), name="room", group="room")

    def submit(self, submission: Submission) -> None:
        """Submit a program; a SubmissionAnswered message reports the answer."""
        self._screen.run_worker(self._submit(submission), group="submissions")

    def send_stdin(self, job: str, data: bytes) -> None:
        """Send input to a program, as soon as there is room for it."""
        self._screen.run_worker(self._room.send_stdin(job, data), group="typing")

    async def _run(self) -> None:
        try:
            room = await self._room.__aenter__()
        except (CannotConnect, EntryRefused) as error:
            self._screen.post_message(EntryFailed(error))
            return
        try:
            async for event in room.events():
                for piece in split_output(event):
                    await self._deliver(piece)
            self._screen.post_message(RoomEnded())
        finally:
            await _run_despite_cancellation(room.__aexit__(None, None, None))

    async def _submit(self, submission: Submission) -> None:
        try:
            await self._room.submit(submission)
        except (SubmissionRejected, Offline) as error:
            self._screen.post_message(SubmissionAnswered(submission.job, error))
        else:
            self._screen.post_message(SubmissionAnswered(submission.job))

    async def _deliver(self, event: RoomEvent) -> None:
        message = RoomEventReceived(event)
        self._screen.post_message(message)
        await message.handled.wait()


async def _run_despite_cancellation(work: Coroutine[None, None, None]) -> None:
    """Run a coroutine to its end even if the task is cancelled; it must be bounded itself.

    Textual cancels a worker twice when the app exits; the second time, the room is being left.
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
