"""The room on the screen: its panes, what fills them, and what happens in them."""

from collections.abc import Callable
from pathlib import Path

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.screen import Screen
from textual.widgets import TextArea
from textual.worker import Worker

from codesync_client import Room, Submission
from codesync_protocol.messages import Finished, LanguageInfo, Role
from codesync_tui.dialogs.notices import Notices
from codesync_tui.editor import CodeEditor
from codesync_tui.editor.source_area import SourceArea
from codesync_tui.formatting import labels
from codesync_tui.messages import (
    FileFailed,
    FileOpened,
    FileSaved,
    RoomEnded,
    RoomEventReceived,
    RoomScreenReady,
    SubmissionAnswered,
    SyntaxLoaded,
)
from codesync_tui.panels.answer_line import AnswerLine
from codesync_tui.panels.banner import Banner
from codesync_tui.panels.find_line import FindLine
from codesync_tui.panels.members import MembersPane
from codesync_tui.panels.output import OutputPane
from codesync_tui.panels.output_find import OutputFind
from codesync_tui.panels.queue import QueuePane
from codesync_tui.panels.status import StatusLine
from codesync_tui.panels.stdin import StdinPane
from codesync_tui.panels.titles import PaneTitles
from codesync_tui.recovery.unsent_edits import UnsentEdits
from codesync_tui.room.collaborators import Collaborators
from codesync_tui.room.editor_controller import EditorController
from codesync_tui.room.history_controller import HistoryController
from codesync_tui.room.host_commands import HostCommands
from codesync_tui.room.job_status import JobStatus
from codesync_tui.room.output_export import OutputExport
from codesync_tui.room.pane_focus import PaneFocus
from codesync_tui.room.pane_layout import BREAKPOINTS, PaneLayout
from codesync_tui.room.presenter import RoomPanes, RoomPresenter
from codesync_tui.room.program import is_starter
from codesync_tui.room.run_controller import RunController
from codesync_tui.room.session import RoomSession
from codesync_tui.room.shared_text_binding import SharedTextBinding, TextObservers


class RoomView(Screen[None]):
    """The room's panes, and who fills them.

    Args:
        room: the room, not entered yet.
        join_line: what lets others join; empty when there is none to give.
        file: a file to open at the start.
        syncs_file: keep that file in step with the room's text.
        is_room_persistent: the room's text is there when it is opened again.
        on_activity: called when something happens in the room.
        notices: shows notices.

    Attributes:
        desk: what this member writes; there once the screen is.
        hosting: what a host does with members; there once the screen is.
        room_worker: enters, reads and leaves the room.
    """

    ALLOW_SELECT = False
    AUTO_FOCUS = "#editor"
    HORIZONTAL_BREAKPOINTS = BREAKPOINTS

    def __init__(
        self,
        room: Room,
        join_line: str,
        file: Path | None,
        notices: Notices,
        *,
        syncs_file: bool = False,
        is_room_persistent: bool = False,
        on_activity: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__()
        self._room = room
        self._join_line = join_line
        self._file = file
        self._syncs_file = syncs_file
        self._is_room_persistent = is_room_persistent
        self._has_shown_join_hint = False
        self._on_activity = on_activity
        self._notices = notices
        self._session = RoomSession(room, self.post_message)
        self._layout = PaneLayout(self)
        self.room_worker: Worker[None] | None = None

    def compose(self) -> ComposeResult:
        """The panes; room.tcss says where they stand."""
        yield Banner(id="banner")
        with Container(id="body"):
            yield CodeEditor(id="editor")
            with Container(id="side"):
                with Vertical(id="work"):
                    yield OutputPane(id="output", classes="pane")
                    yield OutputFind(id="output-find")
                    yield StdinPane(id="stdin", classes="pane")
                with Container(id="people"):
                    yield MembersPane(id="members", classes="pane")
                    yield QueuePane(id="queue", classes="pane")
        yield FindLine(id="find-line")
        yield StatusLine(self._room.link.room, id="status")

    def on_mount(self) -> None:
        """Enter the room; read the file; show how to invite others."""
        self._editor = self.query_one(CodeEditor)
        self._output = self.query_one(OutputPane)
        self._stdin = self.query_one(StdinPane)
        self._queue = self.query_one(QueuePane)
        self._members = self.query_one(MembersPane)
        self._status = self.query_one(StatusLine)
        panes = RoomPanes(
            self._output, self._queue, self._members, self._status, self.query_one(Banner)
        )
        self._focus = PaneFocus(self._editor, self._output, self._stdin, self._queue, self._members)
        self._titles = PaneTitles(
            self._output, self._stdin, self._members, self._queue, self._status
        )
        self._presenter = RoomPresenter(self._room, panes, self._notices.show)
        self._job_status = JobStatus(
            self._room,
            self._presenter.targets,
            self._status,
            lambda: self._layout.is_output_visible,
        )
        self.editor_controller = EditorController(
            self,
            self._editor,
            self._status,
            self._notices,
            self._room,
            owns_server=bool(self._join_line),
            is_room_persistent=self._is_room_persistent,
            syncs_file=self._syncs_file,
        )
        self._collaborators = Collaborators(
            self._room, self._editor, self._members, self._status, self._notices
        )
        self._unsent_edits = UnsentEdits(self, self._room, self._notices)
        self._text_binding = SharedTextBinding(
            self._room.document,
            self._room.wake,
            lambda: self._room.role is not Role.VIEWER,
            self._editor,
            self._stdin.prepared,
            TextObservers(
                loaded=self._text_loaded,
                text_written=self._collaborators.text_written,
                text_moved=self._collaborators.text_moved,
                carets_moved=self._collaborators.carets_moved,
                conflict=self._unsent_edits.ask_about_conflict,
            ),
        )
        self._output_export = OutputExport(self, self._output, self._notices)
        self._history = HistoryController(
            self, self._room, self.submit, self.choose_language, self._notices
        )
        self.host_commands = HostCommands(self._room, self._notices)
        self._run_controller = RunController(
            self,
            self._room,
            self._session,
            self._presenter,
            self.editor_controller,
            self._editor,
            self._stdin,
            self._queue,
            self._output,
            self._notices,
        )
        self._apply_layout()
        self.set_interval(1.0, self._tick)
        self.room_worker = self.run_worker(self._session.run(), name="room", group="room")
        self.post_message(RoomScreenReady())

    # What is done from several places.

    def submit(self, submission: Submission) -> None:
        """Run a program, and see its output."""
        self._run_controller.submit(submission)
        self._layout.show_output()
        self._apply_layout()

    def choose_language(self, language: LanguageInfo) -> None:
        """Choose a language."""
        if language.available:
            self.editor_controller.choose_language(language)
        else:
            self._notices.show(f"{language.title} is not installed on this server.", "warning")

    # What the room's text tells.

    def _text_loaded(self) -> None:
        file, self._file = self._file, None
        self._show_join_hint(is_new=is_starter(self._editor.text, self._room.languages))
        self.editor_controller.text_loaded(file)
        self.show_unsent()
        self._unsent_edits.text_loaded()

    def _show_join_hint(self, *, is_new: bool) -> None:
        """Say how others join, once; not over a text that somebody has come back to."""
        if self._join_line and not self._has_shown_join_hint:
            self._has_shown_join_hint = True
            if is_new:
                how = f"{self._join_line}\nF9 shows and copies it."
                self._notices.show(how, title="Others join with")
            else:
                self._notices.show("F9 shows the line that lets others join.")

    def save_unsent(self) -> None:
        """We leave: keep what is not sent."""
        if self.room_worker is not None and self._presenter.has_entered:
            self._unsent_edits.close()

    # What background work tells.

    def on_room_event_received(self, message: RoomEventReceived) -> None:
        """Show what happened in the room."""
        self._on_activity()
        try:
            self._presenter.show_event(message.event)
            self.editor_controller.set_languages(self._room.languages)
            self._run_controller.show_target()
            if isinstance(message.event, Finished):
                self._job_status.job_finished(message.event.job)
                self._history.refresh()
            self._job_status.refresh()
            self._set_titles()
            self._text_binding.update_read_only()
        finally:
            message.handled.set()

    def on_room_ended(self, _: RoomEnded) -> None:
        """The room is closed to us; the text is still ours."""
        self._status.update_status(connection="closed", is_online=False)

    def on_submission_answered(self, message: SubmissionAnswered) -> None:
        """A submission was answered."""
        self._run_controller.submission_answered(message.job, message.error)

    def on_syntax_loaded(self, message: SyntaxLoaded) -> None:
        """A grammar is there."""
        self.editor_controller.syntax_loaded(message.name, message.syntax)

    def on_file_opened(self, message: FileOpened) -> None:
        """A file was read."""
        self.editor_controller.show_file(message.file)

    def on_file_saved(self, message: FileSaved) -> None:
        """A file was written."""
        self.editor_controller.file_saved(message.file)

    def on_file_failed(self, message: FileFailed) -> None:
        """A file could not be read or written."""
        self.editor_controller.file_failed(message.reason, message.exists)

    def _tick(self) -> None:
        """Once a second: what waits or runs has become older."""
        if self._presenter.has_entered:
            self._collaborators.update_activity()
            self.show_unsent()
            self._unsent_edits.update_journal()
            self._job_status.refresh()
        if self._queue.has_unfinished:
            self._queue.refresh_rows()
        if self._presenter.retry_at is not None:
            self._status.update_status(connection=self._presenter.connection_text())

    @property
    def unsent(self) -> int | None:
        """Edits of ours that the server does not have yet; None as long as there is no text."""
        document = self._room.document
        return document.unsent if document.is_there else None

    def show_unsent(self) -> None:
        """Show whether everything is sent."""
        self._status.update_status(unsent=self.unsent)

    # What the panes tell.

    @on(TextArea.Changed, "#editor")
    def _text_changed(self) -> None:
        self.editor_controller.text_changed()

    @on(TextArea.Changed, "#prepared")
    def _prepared_changed(self) -> None:
        self._set_titles()

    def on_output_pane_window_changed(self, _: OutputPane.WindowChanged) -> None:
        """Our programs' terminals are as large as the pane."""
        self._run_controller.resize_terminals()

    def on_output_pane_unseen_changed(self, _: OutputPane.UnseenChanged) -> None:
        """The output's title says that there is more below."""
        self._set_titles()

    def on_answer_line_lines_entered(self, message: AnswerLine.LinesEntered) -> None:
        """A line goes to the program."""
        self._run_controller.send_lines(message.text)

    def on_answer_line_end_of_input(self, _: AnswerLine.EndOfInput) -> None:
        """The program's input ends."""
        self._run_controller.end_input()

    def on_answer_line_interrupt_requested(self, _: AnswerLine.InterruptRequested) -> None:
        """The program is interrupted."""
        self._run_controller.interrupt()

    def on_code_editor_interacted(self, _: CodeEditor.Interacted) -> None:
        """Whoever does something goes their own way."""
        self._collaborators.stop_following()

    def on_source_area_write_refused(self, _: SourceArea.WriteRefused) -> None:
        """Somebody types where they may not."""
        if not self._presenter.has_entered or not self._room.document.is_there:
            self._notices.show_once("The room's text is not there yet.")
        else:
            self._notices.show_once("You are a viewer here: you can read, and not write.")

    def on_source_area_paste_refused(self, message: SourceArea.PasteRefused) -> None:
        """Too much was pasted."""
        self._notices.show(
            f"That was {labels.size(message.size)}, more than a program may be; not pasted.",
            "warning",
        )

    @on(QueuePane.OptionSelected)
    def _past_job_selected(self) -> None:
        job = self._queue.selected_job
        if job is None:
            return
        is_new = self._presenter.show_past_job(job)
        if job in self._output.transcript:
            self._layout.show_output()
            self._apply_layout()
        if not is_new and job in self._output.transcript:
            self._output.reveal(job)

    def on_resize(self, _: events.Resize) -> None:
        """Show what is shown at this width."""
        self._apply_layout()

    # How it looks.

    def _show_editor(self) -> None:
        self._layout.show_editor()
        self._apply_layout()

    def _focus_editor(self) -> None:
        self._show_editor()
        self._editor.focus()

    def _show_queue(self) -> None:
        self._layout.show_queue()
        self._apply_layout()
        self._queue.focus()

    def _apply_layout(self) -> None:
        focused = self.focused
        self._layout.apply()
        self._stdin.show_prepared(shown=self._layout.shows_stdin)
        self._set_titles()
        if self._presenter.has_entered:
            self._job_status.refresh()
        self.call_after_refresh(self._focus.ensure_visible, focused)

    def _set_titles(self) -> None:
        count = len(self._room.members.members) if self._presenter.has_entered else 0
        self._titles.refresh(count, sees_stdin=self._layout.is_stdin_visible)
