"""Creates the controllers of the room's screen and connects them."""

from dataclasses import dataclass
from pathlib import Path

from textual.screen import Screen

from codesync_client import Room, Submission
from codesync_client.submission import is_starter
from codesync_tui.dialogs.notices import Notices
from codesync_tui.panels.titles import PaneTitles
from codesync_tui.recovery.unsent_edits import UnsentEdits
from codesync_tui.room.collaborators import Collaborators
from codesync_tui.room.editor_controller import EditorController
from codesync_tui.room.history_controller import HistoryController
from codesync_tui.room.job_status import JobStatus
from codesync_tui.room.member_administration import MemberAdministration
from codesync_tui.room.output_commands import OutputCommands
from codesync_tui.room.output_export import OutputExport
from codesync_tui.room.pane_controller import PaneController
from codesync_tui.room.panes import RoomPanes
from codesync_tui.room.permissions import Permissions
from codesync_tui.room.presenter import RoomPresenter
from codesync_tui.room.room_dialogs import RoomDialogs
from codesync_tui.room.run_controller import RunController
from codesync_tui.room.session import RoomSession
from codesync_tui.room.shared_text_binding import SharedTextBinding, TextObservers
from codesync_tui.room.source_commands import SourceCommands
from codesync_tui.room.stdin_controller import StdinController
from codesync_tui.room.stdin_targets import StdinTargets


@dataclass(frozen=True, slots=True)
class RoomOptions:
    """How the room's screen was started.

    Attributes:
        join_line: the command line that lets others join; empty if there is none.
        file: a local file to open at the start.
        syncs_file: keep that file in sync with the room's text.
        is_room_persistent: the room's text is still there when the room is opened again.
    """

    join_line: str = ""
    file: Path | None = None
    syncs_file: bool = False
    is_room_persistent: bool = False


class RoomControllers:
    """The controllers of the room's screen.

    Args:
        screen: the room's screen, mounted.
        room: the room, not entered yet.
        notices: shows notices.
        options: how the screen was started.

    Attributes:
        panes: the panes of the screen.
        permissions: what this member may do.
        targets: the programs that can be typed to.
        session: enters and leaves the room, submits and types.
        presenter: shows the events of the room.
        job_status: shows what programs do in the status line.
        editor: language and file of the text in the editor.
        collaborators: the other members in the text.
        unsent_edits: saves what the server does not have.
        texts: shows the shared texts.
        pane: changes which panes are visible.
        runs: runs, interrupts and cancels programs.
        stdin: types into programs.
        source: commands on the source.
        output: commands on the output.
        export: copies and saves output.
        history: past jobs.
        dialogs: help, invitations, language.
        member_administration: the commands of hosts.
    """

    def __init__(
        self, screen: Screen[None], room: Room, notices: Notices, options: RoomOptions
    ) -> None:
        self._room = room
        self._first_file = options.file
        self.panes = panes = RoomPanes.of(screen)
        self._titles = PaneTitles(
            panes.output, panes.stdin, panes.members, panes.queue, panes.status
        )
        self.permissions = Permissions(room, notices)
        self.targets = StdinTargets()
        self.session = RoomSession(room, screen)
        self.presenter = RoomPresenter(room, panes, self.permissions, self.targets, notices)
        self.pane = PaneController(screen, panes, self._layout_changed)
        self.job_status = JobStatus(
            room, self.targets, panes.status, lambda: self.pane.is_output_visible
        )
        self.editor = EditorController(
            screen,
            panes.editor,
            panes.status,
            notices,
            room,
            owns_server=bool(options.join_line),
            is_room_persistent=options.is_room_persistent,
            syncs_file=options.syncs_file,
        )
        self.collaborators = Collaborators(room, panes.editor, panes.members, panes.status, notices)
        self.unsent_edits = UnsentEdits(screen, room, notices)
        self.texts = SharedTextBinding(
            room.document,
            self.permissions.may_write,
            panes.editor,
            panes.stdin.prepared,
            TextObservers(
                loaded=self._text_loaded,
                text_written=self.collaborators.text_written,
                text_moved=self.collaborators.text_moved,
                carets_moved=self.collaborators.carets_moved,
                conflict=self.unsent_edits.ask_about_conflict,
            ),
        )
        self.dialogs = RoomDialogs(
            screen, room, self.permissions, self.editor, notices, join_line=options.join_line
        )
        self.export = OutputExport(screen, panes.output, notices)
        self.history = HistoryController(
            screen, room, self.submit, self.dialogs.choose_language, notices
        )
        self.member_administration = MemberAdministration(room, notices)
        self.runs = RunController(room, self.session, self.permissions, self.editor, panes, notices)
        self.stdin = StdinController(
            room, self.session, self.permissions, self.targets, panes, notices
        )
        self.source = SourceCommands(screen, panes, self.pane, self.editor, notices)
        self.output = OutputCommands(panes, self.pane, self.presenter, notices)

    def submit(self, submission: Submission) -> None:
        """Run a program and show its output."""
        self.stdin.submitted(submission)
        self.presenter.note_prepared_input(submission.job, len(submission.prepared_stdin))
        self.runs.submit(submission)
        self.pane.show_output()

    def refresh_titles(self) -> None:
        """Update the titles of the panes."""
        count = len(self._room.members.members) if self.permissions.has_entered else 0
        self._titles.refresh(count, sees_stdin=self.pane.is_stdin_visible)

    @property
    def unsent(self) -> int | None:
        """How many edits the server does not have; None before the text is loaded."""
        document = self._room.document
        return document.unsent if document.is_there else None

    def show_unsent(self) -> None:
        """Show in the status line how many edits the server does not have."""
        self.panes.status.update_status(unsent=self.unsent)

    def _layout_changed(self) -> None:
        self.refresh_titles()
        if self.permissions.has_entered:
            self.job_status.refresh()

    def _text_loaded(self) -> None:
        file, self._first_file = self._first_file, None
        self.dialogs.show_join_hint(is_new=is_starter(self.panes.editor.text, self._room.languages))
        self.editor.text_loaded(file)
        self.show_unsent()
        self.unsent_edits.text_loaded()
