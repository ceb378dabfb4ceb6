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
from codesync_tui import words
from codesync_tui.archive import Archive
from codesync_tui.arrangement import BREAKPOINTS, Arrangement
from codesync_tui.company import Company
from codesync_tui.controls import Controls
from codesync_tui.desk import Desk
from codesync_tui.editor import CodeEditor
from codesync_tui.editor.source_area import SourceArea
from codesync_tui.focus import Focus
from codesync_tui.hosting import Hosting
from codesync_tui.messages import (
    FileFailed,
    FileOpened,
    FileSaved,
    RoomEnded,
    RoomHappened,
    RoomShown,
    Submitting,
    SyntaxLoaded,
)
from codesync_tui.narrator import Narrator, Panes
from codesync_tui.news import News
from codesync_tui.notices import Notices
from codesync_tui.output_copies import OutputCopies
from codesync_tui.panels.answer_line import AnswerLine
from codesync_tui.panels.banner import Banner
from codesync_tui.panels.find_line import FindLine
from codesync_tui.panels.members import MembersPane
from codesync_tui.panels.output import OutputPane
from codesync_tui.panels.output_find import OutputFind
from codesync_tui.panels.queue import QueuePane
from codesync_tui.panels.status import StatusLine
from codesync_tui.panels.stdin import StdinPane
from codesync_tui.panels.titles import Titles
from codesync_tui.program import is_starter
from codesync_tui.rescue import Rescue
from codesync_tui.session import Session
from codesync_tui.shared_texts import SharedTexts, Watchers


class RoomView(Screen[None]):
    """The room's panes, and who fills them.

    Args:
        room: the room, not entered yet.
        join_line: what lets others join; empty when there is none to give.
        file: a file to open at the start.
        keeps_in_step: keep that file in step with the room's text.
        is_kept: the room's text is there when it is opened again.
        busy: told when something happens in the room.
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
        keeps_in_step: bool = False,
        is_kept: bool = False,
        busy: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__()
        self._room = room
        self._join_line = join_line
        self._file = file
        self._keeps_in_step = keeps_in_step
        self._is_kept = is_kept
        self._is_greeted = False
        self._busy = busy
        self._notices = notices
        self._session = Session(room, self.post_message)
        self._arrangement = Arrangement(self)
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
        panes = Panes(
            self._output, self._queue, self._members, self._status, self.query_one(Banner)
        )
        self._focus = Focus(self._editor, self._output, self._stdin, self._queue, self._members)
        self._titles = Titles(self._output, self._stdin, self._members, self._queue, self._status)
        self._narrator = Narrator(self._room, panes, self._notices.show)
        self._news = News(
            self._room,
            self._narrator.targets,
            self._status,
            lambda: self._arrangement.sees_output,
        )
        self.desk = Desk(
            self,
            self._editor,
            self._status,
            self._notices,
            self._room,
            is_ours=bool(self._join_line),
            is_kept=self._is_kept,
            keeps_in_step=self._keeps_in_step,
        )
        self._company = Company(
            self._room, self._editor, self._members, self._status, self._notices
        )
        self._rescue = Rescue(self, self._room, self._notices)
        self._texts = SharedTexts(
            self._room.document,
            self._room.wake,
            lambda: self._room.role is not Role.VIEWER,
            self._editor,
            self._stdin.prepared,
            Watchers(
                loaded=self._text_loaded,
                wrote=self._company.wrote,
                text_moved=self._company.text_moved,
                carets_moved=self._company.carets_moved,
                conflict=self._rescue.conflict,
            ),
        )
        self._copies = OutputCopies(self, self._output, self._notices)
        self._archive = Archive(self, self._room, self.submit, self.choose_language, self._notices)
        self.hosting = Hosting(self._room, self._notices)
        self._controls = Controls(
            self,
            self._room,
            self._session,
            self._narrator,
            self.desk,
            self._editor,
            self._stdin,
            self._queue,
            self._output,
            self._notices,
        )
        self._arrange()
        self.set_interval(1.0, self._tick)
        self.room_worker = self.run_worker(self._session.live(), name="room", group="room")
        self.post_message(RoomShown())

    # What is done from several places.

    def submit(self, submission: Submission) -> None:
        """Run a program, and see its output."""
        self._controls.submit(submission)
        self._arrangement.show_output()
        self._arrange()

    def choose_language(self, language: LanguageInfo) -> None:
        """Choose a language."""
        if language.available:
            self.desk.choose(language)
        else:
            self._notices.show(f"{language.title} is not installed on this server.", "warning")

    # What the room's text tells.

    def _text_loaded(self) -> None:
        file, self._file = self._file, None
        self._greet(is_new=is_starter(self._editor.text, self._room.languages))
        self.desk.loaded(file)
        self.show_unsent()
        self._rescue.loaded()

    def _greet(self, *, is_new: bool) -> None:
        """Say how others join, once; not over a text that somebody has come back to."""
        if self._join_line and not self._is_greeted:
            self._is_greeted = True
            if is_new:
                how = f"{self._join_line}\nF9 shows and copies it."
                self._notices.show(how, title="Others join with")
            else:
                self._notices.show("F9 shows the line that lets others join.")

    def last_words(self) -> None:
        """We leave: keep what is not sent."""
        if self.room_worker is not None and self._narrator.has_entered:
            self._rescue.last_words()

    # What background work tells.

    def on_room_happened(self, message: RoomHappened) -> None:
        """Show what happened in the room."""
        self._busy()
        try:
            self._narrator.tell(message.event)
            self.desk.offer(self._room.languages)
            self._controls.show_target()
            if isinstance(message.event, Finished):
                self._news.finished(message.event.job)
                self._archive.job_ended()
            self._news.show()
            self._set_titles()
            self._texts.allow()
        finally:
            message.handled.set()

    def on_room_ended(self, _: RoomEnded) -> None:
        """The room is closed to us; the text is still ours."""
        self._status.change(connection="closed", is_online=False)

    def on_submitting(self, message: Submitting) -> None:
        """A submission was answered."""
        self._controls.submitted(message.job, message.error)

    def on_syntax_loaded(self, message: SyntaxLoaded) -> None:
        """A grammar is there."""
        self.desk.syntax_loaded(message.name, message.syntax)

    def on_file_opened(self, message: FileOpened) -> None:
        """A file was read."""
        self.desk.opened(message.file)

    def on_file_saved(self, message: FileSaved) -> None:
        """A file was written."""
        self.desk.saved(message.file)

    def on_file_failed(self, message: FileFailed) -> None:
        """A file could not be read or written."""
        self.desk.failed(message.reason, message.exists)

    def _tick(self) -> None:
        """Once a second: what waits or runs has become older."""
        if self._narrator.has_entered:
            self._company.tick()
            self.show_unsent()
            self._rescue.tick()
            self._news.show()
        if self._queue.has_unfinished:
            self._queue.refresh_rows()
        if self._narrator.retry_at is not None:
            self._status.change(connection=self._narrator.connection())

    @property
    def unsent(self) -> int | None:
        """Edits of ours that the server does not have yet; None as long as there is no text."""
        document = self._room.document
        return document.unsent if document.is_there else None

    def show_unsent(self) -> None:
        """Show whether everything is sent."""
        self._status.change(unsent=self.unsent)

    # What the panes tell.

    @on(TextArea.Changed, "#editor")
    def _text_changed(self) -> None:
        self.desk.changed()

    @on(TextArea.Changed, "#prepared")
    def _prepared_changed(self) -> None:
        self._set_titles()

    def on_output_pane_window_changed(self, _: OutputPane.WindowChanged) -> None:
        """Our programs' terminals are as large as the pane."""
        self._controls.resized()

    def on_output_pane_unseen_changed(self, _: OutputPane.UnseenChanged) -> None:
        """The output's title says that there is more below."""
        self._set_titles()

    def on_answer_line_typed(self, message: AnswerLine.Typed) -> None:
        """A line goes to the program."""
        self._controls.type(message.text)

    def on_answer_line_end_of_input(self, _: AnswerLine.EndOfInput) -> None:
        """The program's input ends."""
        self._controls.end_input()

    def on_answer_line_interrupt(self, _: AnswerLine.Interrupt) -> None:
        """The program is interrupted."""
        self._controls.interrupt()

    def on_code_editor_touched(self, _: CodeEditor.Touched) -> None:
        """Whoever does something goes their own way."""
        self._company.stop_following()

    def on_source_area_write_refused(self, _: SourceArea.WriteRefused) -> None:
        """Somebody types where they may not."""
        if not self._narrator.has_entered or not self._room.document.is_there:
            self._notices.once("The room's text is not there yet.")
        else:
            self._notices.once("You are a viewer here: you can read, and not write.")

    def on_source_area_paste_refused(self, message: SourceArea.PasteRefused) -> None:
        """Too much was pasted."""
        self._notices.show(
            f"That was {words.size(message.size)}, more than a program may be; not pasted.",
            "warning",
        )

    @on(QueuePane.OptionSelected)
    def _past_asked(self) -> None:
        job = self._queue.selected_job
        if job is None:
            return
        is_new = self._narrator.show_past(job)
        if job in self._output.transcript:
            self._arrangement.show_output()
            self._arrange()
        if not is_new and job in self._output.transcript:
            self._output.reveal(job)

    def on_resize(self, _: events.Resize) -> None:
        """Show what is shown at this width."""
        self._arrange()

    # How it looks.

    def _show_editor(self) -> None:
        self._arrangement.show_editor()
        self._arrange()

    def _focus_editor(self) -> None:
        self._show_editor()
        self._editor.focus()

    def _show_queue(self) -> None:
        self._arrangement.show_queue()
        self._arrange()
        self._queue.focus()

    def _arrange(self) -> None:
        focused = self.focused
        self._arrangement.apply()
        self._stdin.show_prepared(shown=self._arrangement.shows_stdin)
        self._set_titles()
        if self._narrator.has_entered:
            self._news.show()
        self.call_after_refresh(self._focus.keep_on_screen, focused)

    def _set_titles(self) -> None:
        count = len(self._room.members.members) if self._narrator.has_entered else 0
        self._titles.show(count, sees_stdin=self._arrangement.sees_stdin)
