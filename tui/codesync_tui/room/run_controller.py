"""Runs, interrupts and cancels programs."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from codesync_client import DEFAULT_WINDOW, Offline, Room, Submission
from codesync_protocol.messages import JobState, JobSummary
from codesync_tui.dialogs.notices import Notices
from codesync_tui.formatting.columns import shorten
from codesync_tui.room.editor_controller import EditorController
from codesync_tui.room.panes import RoomPanes
from codesync_tui.room.permissions import Permissions
from codesync_tui.room.session import RoomSession


class RunController:
    """Runs, interrupts and cancels programs.

    Args:
        room: the room.
        session: submits programs.
        permissions: what this member may do.
        editor: the program in the editor.
        panes: the output pane's size is the size of our programs' terminals.
        notices: shows notices.
    """

    def __init__(
        self,
        room: Room,
        session: RoomSession,
        permissions: Permissions,
        editor: EditorController,
        panes: RoomPanes,
        notices: Notices,
    ) -> None:
        self._room = room
        self._session = session
        self._permissions = permissions
        self._editor = editor
        self._panes = panes
        self._notices = notices
        self._window = DEFAULT_WINDOW

    def submission(self) -> Submission | None:
        """Return the submission of the editor's program; None, with a notice, if there is none."""
        if self._editor.program.language is None:
            self._notices.show("Not connected yet: no language is known.", "warning")
            return None
        if self._permissions.refuse_viewer():
            return None
        text = self._panes.editor.text
        if not text.strip():
            self._notices.show("There is nothing to run: the editor is empty.", "warning")
            return None
        prepared = self._panes.stdin.prepared.text
        return self._editor.program.submission(text, prepared, self._editor.languages)

    def submit(self, submission: Submission) -> None:
        """Submit a program, with the output pane's size for its terminal."""
        self._window = self._panes.output.window or self._window
        self._panes.output.action_scroll_end()
        self._session.submit(replace(submission, window=self._window))
        if not self._room.connected:
            self._notices.show("Offline: it will be submitted when the room is back.", "warning")

    def cancel(self, show_queue: Callable[[], None]) -> None:
        """Cancel the job selected in the queue if the queue has the focus, else our latest job.

        Args:
            show_queue: called if we have no unfinished job, but others have: the user sees them,
                and the next call cancels the selected one.
        """
        if self._permissions.refuse_viewer():
            return
        queue = self._panes.queue
        job = queue.selected_job if queue.has_focus else self._latest_own_job()
        if job is not None:
            self._cancel(job)
        elif (others := queue.select_unfinished()) is None:
            self._notices.show("Nothing waits or runs.")
        else:
            show_queue()
            self._notices.show(
                f"Nothing of yours waits or runs. F8 once more ends {self._job_label(others)}."
            )

    def _cancel(self, job: str) -> None:
        summary = self._room.jobs.get(job)
        if summary is None or summary.state is JobState.FINISHED:
            label = self._job_label(job)
            self._notices.show(f"{label[:1].upper()}{label[1:]} has ended already.")
        else:
            self._request(self._room.cancel, job)

    def _job_label(self, job: str) -> str:
        summary = self._room.jobs.get(job)
        if summary is None:
            return "that program"
        if summary.member == self._room.welcome.member:
            return f"your {shorten(summary.file_name, 20)}"
        return f"{shorten(summary.name, 12)}'s {shorten(summary.file_name, 20)}"

    def interrupt(self, target: str | None) -> None:
        """Send SIGINT to a program.

        Args:
            target: the job that can be typed to; None for our latest one.
        """
        job = target or self._latest_own_job()
        if job is None:
            self._notices.show("No program is running.")
        else:
            self._request(self._room.interrupt, job)

    def resize_terminals(self) -> None:
        """Give the terminals of our programs the output pane's size."""
        window = self._panes.output.window
        if window is None or window == self._window or not self._permissions.has_entered:
            return
        self._window = window
        for job in self._own_unfinished_jobs():
            if job.tty:
                with suppress(Offline):
                    self._room.resize(job.job, window)

    def _request(self, request: Callable[[str], None], job: str) -> None:
        if self._permissions.refuse_viewer():
            return
        self._notices.try_request(lambda: request(job))

    def _latest_own_job(self) -> str | None:
        jobs = self._own_unfinished_jobs()
        return jobs[-1].job if jobs else None

    def _own_unfinished_jobs(self) -> list[JobSummary]:
        """Return our jobs that wait or run, the latest last."""
        if not self._permissions.has_entered:
            return []
        me = self._room.welcome.member
        return [
            job
            for job in self._room.jobs.values()
            if job.member == me and job.state is not JobState.FINISHED
        ]
