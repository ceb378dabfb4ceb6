"""Submits a program, and tries again while a share of the server's queue is full."""

import asyncio
import random
from math import ceil

from codesync_cli.console.messages import print_note
from codesync_client import Room, Submission, SubmissionRejected

WAIT_SECONDS = 60.0
"""Default time of repeated attempts."""

PAUSE_MIN = 1.0
SPREAD = 0.5
"""Largest random extension of a pause, so that scripts do not try again at the same time."""


class SubmissionCancelled(Exception):
    """The submission was cancelled before the server accepted it."""


class RetryingSubmitter:
    """Submits one program.

    Args:
        room: the room.
        wait: seconds of repeated attempts.
    """

    def __init__(self, room: Room, wait: float) -> None:
        self._room = room
        self._wait = wait
        self._given_up = asyncio.Event()

    def cancel(self) -> None:
        """Stop trying; has no effect once the program is accepted."""
        self._given_up.set()

    async def submit(self, submission: Submission) -> None:
        """Submit, and try again when the server suggests it.

        Raises:
            SubmissionRejected: the program will not run, or not in time.
            SubmissionCancelled: `give_up` was called.
            Offline: the connection ended before the server answered.
        """
        clock = asyncio.get_running_loop().time
        until = clock() + self._wait
        while True:
            try:
                await self._room.submit(submission)
            except SubmissionRejected as error:
                pause = max(PAUSE_MIN, error.retry_in) * random.uniform(1.0, 1.0 + SPREAD)
                if not error.retry_in or clock() + pause > until:
                    raise
                print_note(f"{error.reason.rstrip('.')}; trying again in {ceil(pause)} s")
            else:
                return
            try:
                async with asyncio.timeout(pause):
                    await self._given_up.wait()
            except TimeoutError:
                continue
            raise SubmissionCancelled
