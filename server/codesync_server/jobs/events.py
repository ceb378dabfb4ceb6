"""The events of jobs: those that the scheduler reports, and those that decide over slots."""

import asyncio
from typing import Protocol

from codesync_protocol.messages import Stream
from codesync_server.jobs.job import Job


class JobEvents(Protocol):
    """Receives what happens to jobs. Calls never block and never raise."""

    def job_begins(self, job: Job) -> None:
        """A job has a sandbox, and is begun to run in it."""
        ...

    def job_started(self, job: Job) -> None:
        """A job is compiling or running now."""
        ...

    def job_wrote(self, job: Job, stream: Stream, offset: int, data: bytes) -> None:
        """A job wrote something; it is kept already."""
        ...

    def output_pause(self, job: Job) -> float:
        """Return the seconds until more output of a job may be sent to the room."""
        ...

    def stdin_taken(self, job: Job, credited: dict[str, int]) -> None:
        """A job has taken input: client key to how much of what it sent, in all."""
        ...

    def job_finished(self, job: Job) -> "asyncio.Future[None] | None":
        """A job has its verdict.

        Returns:
            What is done when everybody has been told; None when they have been.
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
    """Receives what decides over the slots of running jobs. Calls never block and never raise."""

    def program_began(self, job: Job) -> None:
        """The program of a job runs; what was to be compiled is compiled."""
        ...

    def activity_changed(self, job: Job, computes: bool, memory: int) -> None:
        """A program on a terminal began or ceased to compute.

        Args:
            job: its job.
            computes: whether it computes.
            memory: bytes that it has in use; known only of a program that does not compute.
        """
        ...
