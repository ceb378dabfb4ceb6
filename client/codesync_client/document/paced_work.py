"""Applies messages to the shared texts, without letting a server use all the time.

A server can send edits without end, each of which takes some milliseconds. The screen runs on the
same event loop. So the connection is read more slowly once the texts have taken half of the time.
"""

import asyncio
import time

from codesync_client.document.history_check import LOAD_SECONDS, TooCostly, check_history
from codesync_client.document.shared_document import SharedDocument
from codesync_protocol.messages import ServerMessage

SHARE = 0.5
"""The share of time that work on the texts may use in the long run."""

BURST_SECONDS = 1.0
"""Seconds of work that may be done at once."""

SLICE_SECONDS = 0.01
"""Seconds of work after which other tasks of the event loop run."""

PAUSE_MAX = 5.0
"""Largest pause of reading, so that the server does not treat the client as gone."""

FETCH_AGAIN_SECONDS = 10.0
FETCH_AGAIN_SECONDS_MAX = 60.0
"""The pause before texts that took too long to load are fetched again; it doubles each time. The
server usually announces a new history earlier."""


class WorkPace:
    """Computes the pause after work."""

    def __init__(self) -> None:
        self._debt = 0.0  # seconds of work that the share does not cover yet
        self._at = 0.0

    def pause(self, worked: float, now: float) -> float:
        """Charge work.

        Args:
            worked: seconds of CPU time.
            now: seconds of a monotonic clock.

        Returns:
            The seconds to pause.
        """
        self._debt = max(0.0, self._debt - (now - self._at) * SHARE) + worked
        self._at = now
        return min(max(0.0, (self._debt - BURST_SECONDS) / SHARE), PAUSE_MAX)


class DocumentWork:
    """Applies messages to the shared texts.

    Args:
        document: the texts.
    """

    def __init__(self, document: SharedDocument) -> None:
        self._document = document
        self._pace = WorkPace()
        self._worked = 0.0
        self._fetch_again_in = FETCH_AGAIN_SECONDS

    def apply(self, message: ServerMessage) -> None:
        """Apply a message; then await `settle` before the next one.

        Raises:
            FrameError: the message must not be applied.
        """
        began = time.thread_time()
        try:
            self._document.receive(message)
        finally:
            self._worked += time.thread_time() - began

    async def settle(self) -> bool:
        """Load a history that has arrived, and let other tasks run.

        Returns:
            Whether a history was loaded. One that is too costly is fetched again later.

        Raises:
            FrameError: the history must not be loaded.
            CheckFailed: it could not be checked.
        """
        history = self._document.unchecked_history
        is_loaded = history is not None and await self._load(history)
        if self._worked > SLICE_SECONDS:
            worked, self._worked = self._worked, 0.0
            pause = self._pace.pause(worked, asyncio.get_running_loop().time())
            await asyncio.sleep(pause)
        return is_loaded

    async def _load(self, history: bytes) -> bool:
        try:
            blocks = await check_history(history)
        except TooCostly:
            self._worked += LOAD_SECONDS  # a server may repeat it
            self._document.postpone_fetch()
            loop = asyncio.get_running_loop()
            loop.call_later(self._fetch_again_in, self._document.fetch_again)
            self._fetch_again_in = min(2 * self._fetch_again_in, FETCH_AGAIN_SECONDS_MAX)
            return False
        began = time.thread_time()
        self._document.history_checked(blocks)
        self._worked += time.thread_time() - began
        self._fetch_again_in = FETCH_AGAIN_SECONDS
        return True
