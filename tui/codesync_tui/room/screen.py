"""The room's screen: composes the panes, and passes messages and keys to the controllers."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.screen import Screen
from textual.widgets import TextArea
from textual.worker import Worker

from codesync_client import Room
from codesync_protocol.messages import Finished, LanguageInfo
from codesync_tui.dialogs.notices import Notices
from codesync_tui.editor import CodeEditor
from codesync_tui.editor.source_area import SourceArea
from codesync_tui.formatting import labels
from codesync_tui.keymap import bindings
from codesync_tui.messages import (
    CopyRequested,
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
from codesync_tui.room.actions import RoomActions
from codesync_tui.room.controllers import RoomControllers, RoomOptions
from codesync_tui.room.pane_layout import BREAKPOINTS
from codesync_tui.terminal.textual_types import app_of


class RoomScreen(Screen[None]):
    """The room's screen.

    Args:
        room: the room, not entered yet.
        notices: shows notices.
        options: how the screen was started.
        on_activity: called when the room sends an event.

    Attributes:
        controllers: the controllers; they exist once the screen is mounted.
        actions: runs the actions of the key table; exists once the screen is mounted.
        room_worker: enters, reads and leaves the room; None before the screen is mounted.
    """

    ALLOW_SELECT = False
    AUTO_FOCUS = "#editor"
    HORIZONTAL_BREAKPOINTS = BREAKPOINTS
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(),
        Binding("ctrl+c", "copy", show=False, priority=True),
        Binding("ctrl+c", "copy_hint", show=False),
    ]

    controllers: RoomControllers
    actions: RoomActions

    def __init__(
        self,
        room: Room,
        notices: Notices,
        options: RoomOptions,
        *,
        on_activity: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__()
        self._room = room
        self._notices = notices
        self._options = options
        self._on_activity = on_activity
        self._has_copied = False
        self.room_worker: Worker[None] | None = None

    def compose(self) -> ComposeResult:
        """Compose the panes; app.tcss defines their places."""
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
        """Create the controllers and enter the room."""
        self.controllers = RoomControllers(self, self._room, self._notices, self._options)
        self.actions = RoomActions(self, self.controllers)
        self.controllers.pane.apply()
        self.set_interval(1.0, self._tick)
        self.room_worker = self.controllers.session.start()
        self.post_message(RoomScreenReady())

    def save_unsent(self) -> None:
        """Save what is not sent, before the app exits."""
        if self.room_worker is not None and self.controllers.permissions.has_entered:
            self.controllers.unsent_edits.close()

    def _tick(self) -> None:
        controllers = self.controllers
        if controllers.permissions.has_entered:
            controllers.collaborators.update_activity()
            controllers.show_unsent()
            controllers.unsent_edits.update_journal()
            controllers.job_status.refresh()
        if controllers.panes.queue.has_unfinished:
            controllers.panes.queue.refresh_rows()
        if controllers.presenter.retry_at is not None:
            connection = controllers.presenter.connection_text()
            controllers.panes.status.update_status(connection=connection)

    # Messages from workers.

    def on_room_event_received(self, message: RoomEventReceived) -> None:
        """Show an event of the room."""
        self._on_activity()
        controllers = self.controllers
        try:
            controllers.presenter.show_event(message.event)
            controllers.editor.set_languages(self._room.languages)
            controllers.stdin.show_target()
            if isinstance(message.event, Finished):
                controllers.job_status.job_finished(message.event.job)
                controllers.history.refresh()
            controllers.job_status.refresh()
            controllers.refresh_titles()
            controllers.texts.update_read_only()
        finally:
            message.handled.set()

    def on_room_ended(self, _: RoomEnded) -> None:
        """Show that the connection has ended; the text stays in the editor."""
        self.controllers.panes.status.update_status(connection="closed", is_online=False)

    def on_submission_answered(self, message: SubmissionAnswered) -> None:
        """Show why a submission was rejected."""
        if message.error is not None:
            self._notices.show_error(message.error)
            self.controllers.stdin.rejected(message.job)

    def on_syntax_loaded(self, message: SyntaxLoaded) -> None:
        """Highlight with a grammar that was loaded."""
        self.controllers.editor.syntax_loaded(message.name, message.syntax)

    def on_file_opened(self, message: FileOpened) -> None:
        """Show a file that was read."""
        self.controllers.editor.show_file(message.file)

    def on_file_saved(self, message: FileSaved) -> None:
        """Show that a file was written."""
        self.controllers.editor.file_saved(message.file)

    def on_file_failed(self, message: FileFailed) -> None:
        """Show why a file could not be read or written."""
        self.controllers.editor.file_failed(message.reason, message.exists)

    # Messages from panes.

    @on(TextArea.Changed, "#editor")
    def _text_changed(self) -> None:
        self.controllers.editor.text_changed()

    @on(TextArea.Changed, "#prepared")
    def _prepared_changed(self) -> None:
        self.controllers.refresh_titles()

    def on_output_pane_window_changed(self, _: OutputPane.WindowChanged) -> None:
        """Resize the terminals of our programs."""
        self.controllers.runs.resize_terminals()

    def on_output_pane_unseen_changed(self, _: OutputPane.UnseenChanged) -> None:
        """Show in the title whether there is more output below."""
        self.controllers.refresh_titles()

    def on_answer_line_lines_entered(self, message: AnswerLine.LinesEntered) -> None:
        """Send lines to the program."""
        self.controllers.stdin.send_lines(message.text)

    def on_answer_line_end_of_input(self, _: AnswerLine.EndOfInput) -> None:
        """Close the stdin of the program."""
        self.controllers.stdin.end_input()

    def on_answer_line_interrupt_requested(self, _: AnswerLine.InterruptRequested) -> None:
        """Interrupt the program."""
        self.controllers.runs.interrupt(self.controllers.targets.current)

    def on_code_editor_interacted(self, _: CodeEditor.Interacted) -> None:
        """Stop following another member."""
        self.controllers.collaborators.stop_following()

    def on_source_area_write_refused(self, _: SourceArea.WriteRefused) -> None:
        """Show why the text cannot be changed."""
        self.controllers.permissions.explain_read_only()

    def on_source_area_paste_refused(self, message: SourceArea.PasteRefused) -> None:
        """Show that a paste is too large."""
        self._notices.show(
            f"That was {labels.size(message.size)}, more than a program may be; not pasted.",
            "warning",
        )

    @on(QueuePane.OptionSelected)
    def _past_job_selected(self) -> None:
        self.controllers.output.show_selected_job()

    def on_resize(self, _: events.Resize) -> None:
        """Show the layout for the new size."""
        self.controllers.pane.apply()

    # Actions.

    async def action_perform(self, name: str) -> None:
        """Run an action of the key table."""
        await self.actions.perform(name)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave ctrl+c to the focused widget, unless text is selected in a text area."""
        return bool(self._selected()) if action == "copy" else True

    def action_copy(self) -> None:
        """Copy the selection; the first time, a notice says where to."""
        if text := self._selected():
            what = "" if self._has_copied else "the selection"
            app_of(self).post_message(CopyRequested(what, text))
            self._has_copied = True

    def _selected(self) -> str:
        return self.focused.selected_text if isinstance(self.focused, SourceArea) else ""

    def action_copy_hint(self) -> None:
        """Show what to press instead of ctrl+c."""
        self._notices.show("ctrl+q leaves; F8 ends your run; ctrl+c copies what is selected.")

    # For the command palette.

    @property
    def languages(self) -> Sequence[LanguageInfo]:
        """The languages of the room; empty until it is entered."""
        return self.controllers.editor.languages

    def run_key_action(self, name: str) -> None:
        """Run an action of the key table in a worker."""
        self.run_worker(self.actions.perform(name), group="palette")

    def run_editor_action(self, action: str) -> None:
        """Run an editing action in the focused text area, else in the editor."""
        editor = self.controllers.panes.editor
        area = self.focused if isinstance(self.focused, SourceArea) else editor
        if area is editor:
            self.controllers.pane.show_editor()
        area.focus()
        target = self if action == "copy" else area
        self.run_worker(app_of(self).run_action(action, target), group="palette")
