"""Commands on the source: find, go to a line or an error, comment, select."""

from collections.abc import Sequence

from textual.screen import Screen

from codesync_tui.dialogs.line_prompt import LinePrompt
from codesync_tui.dialogs.notices import Notices
from codesync_tui.room.editor_controller import EditorController
from codesync_tui.room.pane_controller import PaneController
from codesync_tui.room.panes import RoomPanes
from codesync_tui.terminal.textual_types import app_of
from codesync_tui.transcript.error_locations import ErrorLocation, find_error_locations


class SourceCommands:
    """Commands on the source.

    Args:
        screen: the room's screen.
        panes: its panes.
        pane_controller: makes the editor visible.
        editor: the program in the editor.
        notices: shows notices.
    """

    def __init__(
        self,
        screen: Screen[None],
        panes: RoomPanes,
        pane_controller: PaneController,
        editor: EditorController,
        notices: Notices,
    ) -> None:
        self._screen = screen
        self._panes = panes
        self._pane_controller = pane_controller
        self._editor = editor
        self._notices = notices
        self._errors: Sequence[ErrorLocation] = ()
        self._error = 0  # the index of the location that was shown last

    def find(self) -> None:
        """Open the find-and-replace line."""
        self._pane_controller.show_editor()
        self._panes.find_line.open()

    def toggle_comment(self) -> None:
        """Turn the selected lines into comments, or comments into lines."""
        self._pane_controller.show_editor()
        self._panes.editor.toggle_comment()

    def ask_go_to_line(self) -> None:
        """Ask for a line number and go to that line."""

        def answered(line: int | None) -> None:
            if line is not None:
                self._pane_controller.show_editor()
                self._panes.editor.go_to_line(line)

        lines = self._panes.editor.document.line_count
        app_of(self._screen).push_screen(LinePrompt(lines), answered)

    def go_to_next_error(self) -> None:
        """Go to the next error that the output of the last program mentions."""
        program = self._editor.program
        name = program.file_name(self._editor.languages) if program.language else ""
        locations = find_error_locations(self._panes.output.transcript.last_text(), name)
        if not locations:
            self._notices.show("The last output reports no error in this source.")
            return
        self._error = (self._error + 1) % len(locations) if self._errors == locations else 0
        self._errors = locations
        location = locations[self._error]
        self._pane_controller.show_editor()
        self._panes.editor.go_to_line(location.line, location.column)

    def select_all(self) -> None:
        """Select the whole text of the editor, or of the prepared input if it has the focus."""
        prepared = self._panes.stdin.prepared
        area = prepared if prepared.has_focus else self._panes.editor
        if area is self._panes.editor:
            self._pane_controller.show_editor()
        area.focus()
        area.select_all()
