"""Runs, interrupts and cancels programs, and types into them."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from textual.screen import Screen
from textual.widget import Widget

from codesync_client import DEFAULT_WINDOW, ClientError, Offline, Room, Submission
from codesync_protocol.messages import JobState, JobSummary, Role
from codesync_tui.dialogs.notices import Notices
from codesync_tui.editor import CodeEditor
from codesync_tui.formatting.columns import shorten
from codesync_tui.panels.output import OutputPane
from codesync_tui.panels.queue import QueuePane
from codesync_tui.panels.stdin import StdinPane
from codesync_tui.room.editor_controller import EditorController
from codesync_tui.room.presenter import RoomPresenter
from codesync_tui.room.session import RoomSession


class RunController:
    """Runs, interrupts and cancels programs, and types into them.

    Args:
        screen: the room's screen, which owns the workers and gets their messages.
        room: the room.
        session: submits.
        narrator: knows which programs can be typed to.
        desk: what would be run.
        editor: the source.
        stdin: the input pane.
        queue: the queue pane.
        output: the output pane; what it shows is the screen of our programs.
        notices: shows notices.
    """

    def __init__(
        self,
        screen: Screen[None],
        room: Room,
        session: RoomSession,
        narrator: RoomPresenter,
        desk: EditorController,
        editor: CodeEditor,
        stdin: StdinPane,
        queue: QueuePane,
        output: OutputPane,
        notices: Notices,
    ) -> None:
        self._screen = screen
        self._room = room
        self._session = session
        self._narrator = narrator
        self._desk = desk
        self._editor = editor
        self._stdin = stdin
        self._queue = queue
        self._output = output
        self._window = DEFAULT_WINDOW
        self._notices = notices
        self._awaiting_start: tuple[str, object] | None = None
        self._shown_target: str | None = None  # the program that the answer line was shown for last

    # Running.

    def submission(self) -> Submission | None:
        """Return the submission of the editor's program; None, with a notice, if there is none."""
        if self._desk.program.language is None:
            self._notices.show("Not connected yet: no language is known.", "warning")
            return None
        if self._is_viewer():
            return None
        text = self._editor.text
        if not text.strip():
            self._notices.show("There is nothing to run: the editor is empty.", "warning")
            return None
        return self._desk.program.submission(text, self._stdin.prepared.text, self._desk.languages)

    def submit(self, submission: Submission) -> None:
        """Submit a program; focus the answer line once the program can be typed to."""
        self._window = self._output.window or self._window
        submission = replace(submission, window=self._window)
        self._awaiting_start = (submission.job, self._focus_snapshot()) if submission.tty else None
        self._narrator.note_prepared_input(submission.job, len(submission.prepared_stdin))
        self._output.action_scroll_end()
        self._screen.run_worker(self._session.submit(submission), group="submissions")
        if not self._room.connected:
            self._notices.show("Offline: it will be submitted when the room is back.", "warning")

    def submission_answered(self, job: str, error: ClientError | None) -> None:
        """Show why a submission was rejected."""
        if error is not None:
            self._notices.show_error(error)
            if self._awaiting_start and self._awaiting_start[0] == job:
                self._awaiting_start = None

    def cancel(self, show_queue: Callable[[], None]) -> None:
        """Cancel the job selected in the queue if the queue has the focus, else our latest job.

        Args:
            show_queue: called when nothing of ours waits or runs, but something of others does:
                they are shown, and the next time one of them is ended.
        """
        if self._is_viewer():
            return
        has_focus = self._queue.has_focus
        job = self._queue.selected_job if has_focus else self._latest_own_job()
        if job is not None:
            self._cancel(job)
        elif (others := self._queue.select_unfinished()) is None:
            self._notices.show("Nothing waits or runs.")
        else:
            show_queue()
            self._notices.show(
                f"Nothing of yours waits or runs. F8 once more ends {self._job_label(others)}."
            )

    def _cancel(self, job: str) -> None:
        summary = self._room.jobs.get(job)
        if summary is None or summary.state is JobState.FINISHED:
            whose = self._job_label(job)
            self._notices.show(f"{whose[:1].upper()}{whose[1:]} has ended already.")
        else:
            self._request(self._room.cancel, job)

    def _job_label(self, job: str) -> str:
        summary = self._room.jobs.get(job)
        if summary is None:
            return "that program"
        if summary.member == self._room.welcome.member:
            return f"your {shorten(summary.file_name, 20)}"
        return f"{shorten(summary.name, 12)}'s {shorten(summary.file_name, 20)}"

    def interrupt(self) -> None:
        """Send SIGINT to the program that is typed to, else to our latest one."""
        job = self._narrator.targets.current or self._latest_own_job()
        if job is None:
            self._notices.show("No program is running.")
        else:
            self._request(self._room.interrupt, job)

    def resize_terminals(self) -> None:
        """Give the terminals of our programs the output pane's size."""
        window = self._output.window
        if window is None or window == self._window or not self._narrator.has_entered:
            return
        self._window = window
        for job in self._own_unfinished_jobs():
            if job.tty:
                with suppress(Offline):
                    self._room.resize(job.job, window)

    def _request(self, request: Callable[[str], None], job: str) -> None:
        if self._is_viewer():
            return
        try:
            request(job)
        except Offline as error:
            self._notices.show_error(error)

    def _latest_own_job(self) -> str | None:
        ours = self._own_unfinished_jobs()
        return ours[-1].job if ours else None

    def _own_unfinished_jobs(self) -> list[JobSummary]:
        """Return our jobs that wait or run, the latest last."""
        if not self._narrator.has_entered:
            return []
        me = self._room.welcome.member
        return [
            job
            for job in self._room.jobs.values()
            if job.member == me and job.state is not JobState.FINISHED
        ]

    def _is_viewer(self) -> bool:
        if not self._narrator.has_entered or self._room.role is not Role.VIEWER:
            return False
        self._notices.show("You are a viewer here: you can watch, and not run or type.", "warning")
        return True

    # Typing.

    def send_lines(self, text: str) -> None:
        """Send lines to the program that is typed to."""
        job = self._narrator.targets.current
        if job is None or job != self._shown_target:
            self._notices.show("The program has ended; the line was not sent.", "warning")
            self.show_target()
        elif self._is_viewer():
            return
        elif (holder := self._holder(job)) is not None:
            self._stdin.answer.value = text.rstrip("\n")
            self._notices.show(
                f"{holder} types into this program; ctrl+t takes its input over.", "warning"
            )
        else:
            work = self._session.send_stdin(job, text.encode("utf-8", "surrogatepass"))
            self._screen.run_worker(work, group="typing")

    def end_input(self) -> None:
        """Close the stdin of the program that is typed to."""
        job = self._narrator.targets.current
        if job is None:
            self._notices.show("No program takes input now.", "warning")
        elif self._is_viewer():
            return
        elif (holder := self._holder(job)) is not None:
            self._notices.show(f"{holder} has its input; ctrl+t takes it over.", "warning")
        else:
            self._room.end_stdin(job)

    def take_input(self) -> None:
        """Take over the stdin of the program that can be typed to."""
        job = self._narrator.targets.current
        if job is None:
            self._notices.show("No program takes input now.", "warning")
            return
        if self._holder(job) is not None:
            self._request(self._room.take_stdin, job)
        self._stdin.answer.focus()

    def _holder(self, job: str) -> str | None:
        """Return the name of another member who holds a program's stdin; None if nobody does."""
        summary = self._room.jobs.get(job)
        if summary is None or summary.holder in (0, self._room.welcome.member):
            return None
        here = {member.member: member.name for member in self._room.members.members}
        return here.get(summary.holder, "somebody who left")

    def next_target(self) -> None:
        """Type into the next program from now on."""
        if self._narrator.targets.choose_next() is None:
            self._notices.show("No program takes input now.", "warning")
        self.show_target(chosen=True)

    def show_target(self, *, chosen: bool = False) -> None:
        """Show which program is typed to, and focus the answer line after a run of our own.

        The focus moves only if nobody touched anything since the run was asked for. It comes back
        when the program that was typed to has ended, unless somebody is in the middle of a line.

        Args:
            chosen: the change of programs was asked for.
        """
        job = self._narrator.targets.current
        line = self._stdin.answer
        has_changed, had_focus = job != self._shown_target, line.has_focus
        if has_changed and had_focus and line.value and not chosen:
            # Who is in the middle of a line must not find the rest of it in the editor, nor send
            # it to another program.
            self._stdin.show_target("it has ended")
            return
        self._shown_target = job
        self._stdin.show_target(self._target_label(job))
        if self._awaiting_start and self._awaiting_start[0] == job:
            if self._awaiting_start[1] == self._focus_snapshot():
                line.focus()
            self._awaiting_start = None
        elif has_changed and had_focus and not chosen:
            (self._editor if self._editor.is_on_screen else self._output).focus()

    def _target_label(self, job: str | None) -> str:
        summary = self._room.jobs.get(job) if job else None
        if summary is None:
            return ""
        if (holder := self._holder(summary.job)) is not None:
            return f"{shorten(holder, 12)} types into {shorten(summary.file_name, 12)}"
        return self._program_label(summary)

    def _program_label(self, summary: JobSummary) -> str:
        if summary.member == self._room.welcome.member:
            return shorten(summary.file_name, 20)
        return shorten(f"{summary.name}: {summary.file_name}", 26)

    def _focus_snapshot(self) -> object:
        """Return a value that changes with every key that is pressed."""
        focused: Widget | None = self._screen.focused
        return focused, self._editor.selection, self._editor.text
