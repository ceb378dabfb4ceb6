"""Forwards the reports of a running job's session: stages, output, stdin."""

from contextlib import suppress

from codesync_protocol.messages import JobState, Stream
from codesync_server.jobs.coalescer import OutputCoalescer
from codesync_server.jobs.events import JobEvents, SlotEvents
from codesync_server.jobs.job import Job


class JobOutputRelay:
    """Forwards the reports of one job's session.

    Args:
        events: receives the events for the room.
        progress: receives the events for slots.
    """

    def __init__(self, job: Job, events: JobEvents, progress: SlotEvents) -> None:
        self._job = job
        self._events = events
        self._progress = progress
        self._coalescer = OutputCoalescer(self._emit, lambda: events.output_pause(job))

    def stage_began(self, name: str) -> None:
        """Report the start of a stage."""
        state = JobState.COMPILING if name == "compile" else JobState.RUNNING
        self._coalescer.flush()
        with suppress(ValueError):  # an impossible report of the runner changes nothing
            self._job.move(state)
            self._events.job_started(self._job)
        if self._job.state is JobState.RUNNING:
            self._progress.program_began(self._job)

    def wrote(self, stream: Stream, data: bytes) -> None:
        """Collect output of the program."""
        self._coalescer.write(stream, data)

    def stdin_taken(self, total: int) -> None:
        """Report the total number of stdin bytes that the program has read."""
        self._events.stdin_taken(self._job, self._job.input.taken(total))

    def awaits_input(self, waits: bool) -> None:
        """Report whether the program waits for input."""
        if waits != self._job.awaits_input:
            self._coalescer.flush_unless_paused()  # send the prompt before the notice
            self._job.awaits_input = waits
            self._events.queue_changed(self._job.room)

    def activity(self, computes: bool, memory: int) -> None:
        """Report whether a program with a terminal uses cpu time."""
        if self._job.state is JobState.RUNNING:
            self._progress.activity_changed(self._job, computes, memory)

    def close(self) -> None:
        """Forward the remaining output."""
        self._coalescer.flush()

    def _emit(self, stream: Stream, data: bytes) -> None:
        offset = self._job.output.add(stream, data)
        self._events.job_wrote(self._job, stream, offset, data)
