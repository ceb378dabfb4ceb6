"""Prepares what newcomers of a room are told, so that a join into a full room costs little."""

from collections.abc import Callable

from msgspec.structs import replace

from codesync_protocol.limits import PAGES_MAX
from codesync_protocol.messages import JobSummary, Queue, QueuedJob, Welcome, WelcomePart
from codesync_protocol.messages.lists import QUEUED_JOBS, RECENT_JOBS
from codesync_protocol.paging import split_queue, split_welcome
from codesync_server.rooms.encoded_pages import EncodedPages
from codesync_server.rooms.frames import frames_of

MANY_JOBS = 50
"""Jobs, waiting ones counted twice, from which on they are encoded apart from the welcome."""


class RoomWelcome:
    """The queue as all members of a room know it, and the encoded jobs of the last welcome."""

    def __init__(self) -> None:
        self._queue: Queue | None = None
        self._forget_pages()

    def _forget_pages(self) -> None:
        self._queued = EncodedPages[QueuedJob](
            QUEUED_JOBS, lambda page: WelcomePart(queued=page, more=True)
        )
        self._jobs = EncodedPages[JobSummary](
            RECENT_JOBS, lambda page: WelcomePart(jobs=page, more=True)
        )

    def forget(self) -> None:
        """Drop everything: an empty room is not told of changes."""
        self._queue = None
        self._forget_pages()

    def queue(self, current: Callable[[], Queue], *, has_changed: bool = False) -> Queue:
        """Return the queue for a newcomer: the one that the members know, if it has not changed.

        Args:
            current: returns the queue as it is now.
            has_changed: whether the members will be told of a change of their jobs.
        """
        if has_changed:
            # The newcomer knows another queue than the members, so the next one goes to all.
            self._queue = None
            return current()
        if self._queue is None:
            self._queue = current()
        return self._queue

    def changed_queue(self, queue: Queue) -> list[bytes]:
        """Return the frames with a queue for all members; none if they know it already."""
        if queue == self._queue:
            return []
        self._queue = queue
        return frames_of(split_queue(queue))

    def frames(self, welcome: Welcome) -> list[bytes]:
        """Encode a welcome; jobs that the last newcomer was told are not encoded again."""
        if len(welcome.jobs) + len(welcome.queue.jobs) < MANY_JOBS:
            return frames_of(split_welcome(welcome))
        first, *rest = split_welcome(
            replace(welcome, jobs=(), queue=replace(welcome.queue, jobs=()))
        )
        jobs = [*self._queued.frames(welcome.queue.jobs), *self._jobs.frames(welcome.jobs)]
        rest = rest or [WelcomePart()]
        if len(jobs) + len(rest) > PAGES_MAX:
            return frames_of(split_welcome(welcome))  # its pages have items of all lists
        return [*frames_of([replace(first, more=True)]), *jobs, *frames_of(rest)]
