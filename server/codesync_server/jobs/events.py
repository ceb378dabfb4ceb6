"""The interfaces through which a scheduler reports events of jobs, and of their slots."""

import asyncio
from typing import Protocol

from codesync_protocol.messages import Stream
from codesync_server.jobs.job import Job


class JobEvents(Protocol):
    """Receives events of jobs. Calls never block and never raise."""

    def job_begins(self, job: Job) -> None:
        """A job has a sandbox, and an attempt to run it begins."""
        ...

    def job_started(self, job: Job) -> None:
        """A job is compiling or running now."""
        ...

    def job_wrote(self, job: Job, stream: Stream, offset: int, data: bytes) -> None:
        """A job wrote output, which is already in its log."""
        ...

    def output_pause(self, job: Job) -> float:
        """Return the seconds until more output of a job may be sent to the room."""
        ...

    def stdin_taken(self, job: Job, credited: dict[str, int]) -> None:
        """A program has read stdin.

        Args:
            job: the job of the program.
            credited: by client key, the total number of bytes of this client that were read.
        """
        ...

    def job_finished(self, job: Job) -> "asyncio.Future[None] | None":
        """A job has its verdict.

        Returns:
            A future that is done once the result is published; None if it is published already.
        """
        ...

    def queue_changed(self, room: str = "") -> None:
        """Report a change of the queue.

        Args:
            room: the room whose job changed; empty for a change that concerns all rooms. Places in
                other rooms may have changed too.
        """
        ...


class SlotEvents(Protocol):
    """Receives events that decide about the slots of jobs. Calls never block and never raise."""

    def program_began(self, job: Job) -> None:
        """The program of a job runs; its compilation has ended."""
        ...

    def activity_changed(self, job: Job, computes: bool, memory: int) -> None:
        """A program with a terminal became active or idle.

        Args:
            computes: whether it uses cpu time.
            memory: bytes in use; only set for an idle program.
        """
        ...
