"""Shows what programs do in the status line."""

from collections.abc import Callable
from time import monotonic

from codesync_client import Room
from codesync_protocol.messages import JobState, JobSummary
from codesync_protocol.printable import show_line
from codesync_tui.formatting import labels
from codesync_tui.formatting.columns import shorten
from codesync_tui.panels.status import StatusLine
from codesync_tui.room.stdin_targets import StdinTargets

ENDED_SECONDS = 8.0
"""How long the verdict of a program is shown."""

_NAME, _FILE = 10, 14


class JobStatus:
    """Shows what programs do in a few words.

    Programs that wait for input are always shown. Running programs and verdicts are shown only
    while the output is hidden.

    Args:
        room: the room.
        targets: the programs that can be typed to.
        status: the status line.
        is_output_visible: returns whether the output is visible.
        clock: the monotonic clock.
    """

    def __init__(
        self,
        room: Room,
        targets: StdinTargets,
        status: StatusLine,
        is_output_visible: Callable[[], bool],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._room = room
        self._targets = targets
        self._status = status
        self._is_output_visible = is_output_visible
        self._clock = clock
        self._ended: tuple[str, float] = ("", 0.0)  # the job, and until when its verdict is shown

    def job_finished(self, job: str) -> None:
        """Note that a job has ended, to show its verdict for a while."""
        self._ended = job, self._clock() + ENDED_SECONDS

    def refresh(self) -> None:
        """Update the status line."""
        text, style = self._waiting() or self._held_up() or self._running() or ("", "")
        self._status.update_status(program=text, program_style=style)

    def _waiting(self) -> tuple[str, str] | None:
        current = self._targets.current
        waiting = {each.job for each in self._room.queue.jobs if each.awaits_input}
        if current is None or current not in waiting or current not in self._room.jobs:
            return None
        job = self._room.jobs[current]
        if job.holder in (0, self._room.welcome.member):
            whom = "you" if job.holder else "input"
            return f"{self._program(job)} waits for {whom}", "$warning bold"
        names = {each.member: each.name for each in self._room.members.members}
        holder = shorten(names.get(job.holder, "somebody"), _NAME)
        return f"{shorten(job.file_name, _FILE)} waits for {holder}", ""

    def _held_up(self) -> tuple[str, str] | None:
        """Return what our own job waits for, if it needs more than a free slot."""
        for each in self._room.queue.jobs:
            job = self._room.jobs.get(each.job)
            if each.held_up and job is not None and job.member == self._room.welcome.member:
                return f"{shorten(job.file_name, _FILE)} waits: {show_line(each.held_up)}", ""
        return None

    def _running(self) -> tuple[str, str] | None:
        if self._is_output_visible():
            return None
        job, until = self._ended
        summary = self._room.jobs.get(job)
        if summary is not None and summary.result is not None and self._clock() < until:
            sign, style = labels.verdict_mark(summary.result.verdict)
            verdict = labels.verdict(summary.result.verdict)
            return f"{self._program(summary)} {sign} {verdict}", f"{style} bold"
        runs = (JobState.COMPILING, JobState.RUNNING)
        running = [each for each in self._room.jobs.values() if each.state in runs]
        return (f"{self._program(running[-1])} runs", "$success") if running else None

    def _program(self, job: JobSummary) -> str:
        file = shorten(job.file_name, _FILE)
        if job.member == self._room.welcome.member:
            return file
        return f"{shorten(job.name, _NAME)}: {file}"
