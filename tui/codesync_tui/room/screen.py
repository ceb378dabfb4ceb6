"""The room's screen: its panes, and what the keys do."""

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from codesync_protocol.messages import LanguageInfo, Role
from codesync_tui.dialogs.help import HelpScreen, room_notes
from codesync_tui.dialogs.invite import InviteScreen, make_join_line, where_to_get_invites
from codesync_tui.dialogs.language import LanguagePicker
from codesync_tui.dialogs.line_prompt import LinePrompt
from codesync_tui.editor.source_area import SourceArea
from codesync_tui.keymap import bindings
from codesync_tui.messages import CopyRequested
from codesync_tui.panels.find_line import FindLine
from codesync_tui.panels.output_find import OutputFind
from codesync_tui.room.collaborators import Collaborators
from codesync_tui.room.pane_focus import pane_of
from codesync_tui.room.view import RoomView
from codesync_tui.terminal.textual_types import app_of
from codesync_tui.theme import DARK, LIGHT
from codesync_tui.transcript.error_locations import ErrorLocation, find_error_locations


class RoomScreen(RoomView):
    """The room's screen; its arguments are the view's."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(),
        Binding("ctrl+c", "copy", show=False, priority=True),
        Binding("ctrl+c", "copy_hint", show=False),
    ]

    _errors: Sequence[ErrorLocation] = ()
    _error = 0  # of them: where we went last
    _has_copied = False

    # What the keys do.

    def action_run_program(self) -> None:
        """Run the program, and see its output."""
        if (submission := self._run_controller.submission()) is not None:
            self.submit(submission)

    def action_cancel_job(self) -> None:
        """End a job."""
        self._run_controller.cancel(self._show_queue)

    def action_interrupt(self) -> None:
        """Send SIGINT."""
        self._run_controller.interrupt()

    def action_end_input(self) -> None:
        """Close a program's stdin."""
        self._run_controller.end_input()

    def action_take_input(self) -> None:
        """Take over a program's input."""
        if self._stdin.shows_answer_line:
            self._layout.show_output()
            self._apply_layout()
            self._output.action_scroll_end()
        self._run_controller.take_input()

    def action_next_target(self) -> None:
        """Type into another program."""
        self._run_controller.next_target()

    def action_stdin(self) -> None:
        """Go to the answer line, or show, or hide the prepared input."""
        target = self._stdin.input_widget()
        if target is None:
            self._layout.show_output()
            self._layout.show_stdin(shown=True)
            self._apply_layout()
            self._stdin.prepared.focus()
        elif not target.has_focus:
            self._layout.show_output()
            target.focus()
        elif target is self._stdin.prepared and not self._layout.is_wide:
            self._layout.show_stdin(shown=False)
            self._apply_layout()
            self._focus_editor()
        else:
            self._focus_editor()

    def action_language(self) -> None:
        """Choose the language."""
        if not self.languages:
            self._notices.show("Not connected yet: no language is known.", "warning")
            return
        chosen = self.editor_controller.program.language
        picker = LanguagePicker(self.languages, chosen.name if chosen else "")
        app_of(self).push_screen(picker, self._language_chosen)

    def _language_chosen(self, language: LanguageInfo | None) -> None:
        if language is not None:
            self.editor_controller.choose_language(language)

    def action_find(self) -> None:
        """Find and replace; where the output has the focus, find in it."""
        if self._output.has_focus:
            self.action_find_output()
        else:
            self._show_editor()
            self.query_one(FindLine).open()

    def action_find_output(self) -> None:
        """Find in the output."""
        self._layout.show_output()
        self._apply_layout()
        self.query_one(OutputFind).open()

    def action_save_output(self) -> None:
        """Save the chosen block, or the last."""
        self._output_export.ask_save()

    def action_save_all_output(self) -> None:
        """Save what all programs wrote."""
        self._output_export.ask_save_all()

    def action_block_before(self) -> None:
        """Choose a program's output, going up."""
        self._choose_block(-1)

    def action_next_block(self) -> None:
        """Choose a program's output, going down."""
        self._choose_block(1)

    def _choose_block(self, step: int) -> None:
        self._layout.show_output()
        self._apply_layout()
        self._output.action_choose(step)
        self._output.focus()

    def action_toggle_comment(self) -> None:
        """Make comments of the selected lines, or lines of comments."""
        self._show_editor()
        self._editor.toggle_comment()

    def action_go_to_line(self) -> None:
        """Ask for a line, and go there."""

        def answered(line: int | None) -> None:
            if line is not None:
                self._show_editor()
                self._editor.go_to_line(line)

        app_of(self).push_screen(LinePrompt(self._editor.document.line_count), answered)

    def action_go_to_error(self) -> None:
        """Go to the next error of which the last program's output tells."""
        program = self.editor_controller.program
        name = program.file_name(self.languages) if program.language else ""
        places = find_error_locations(self._output.transcript.last_text(), name)
        if not places:
            self._notices.show("The last output tells of no error in this source.")
            return
        self._error = (self._error + 1) % len(places) if self._errors == places else 0
        self._errors = places
        place = places[self._error]
        self._show_editor()
        self._editor.go_to_line(place.line, place.column)

    def action_follow(self) -> None:
        """Follow the next member."""
        if self._collaborators.others:
            self._show_editor()
        self._collaborators.follow_next()

    def action_jump(self) -> None:
        """Go to the next member."""
        if self._collaborators.others:
            self._show_editor()
        self._collaborators.jump_next()

    def action_open_file(self) -> None:
        """Open a file."""
        self.editor_controller.ask_open_file()

    def action_save_file(self) -> None:
        """Save the text."""
        self.editor_controller.save_file()

    def action_save_file_as(self) -> None:
        """Save the text to another file."""
        self.editor_controller.ask_save_as()

    def action_select_all(self) -> None:
        """Select the whole text, of the editor or of the prepared input."""
        area = self._stdin.prepared if self._stdin.prepared.has_focus else self._editor
        if area is self._editor:
            self._show_editor()
        area.focus()
        area.select_all()

    def action_next_pane(self) -> None:
        """Move the focus to the next pane that is shown."""
        is_full = self._layout.maximized is not None
        following = self._focus.next_pane(is_full=is_full)
        if is_full:
            self._layout.maximize(pane_of(following))
            self._apply_layout()
        following.focus()

    def action_full_screen(self) -> None:
        """Let the pane with the focus fill the screen, or give the layout back."""
        is_full = self._layout.maximized is not None
        self._layout.maximize(None if is_full else pane_of(self.focused))
        self._apply_layout()

    def action_output(self) -> None:
        """Give the output the next size."""
        self._layout.cycle_output()
        self._apply_layout()

    def action_people(self) -> None:
        """Show or hide members and queue."""
        self._layout.toggle_people()
        self._apply_layout()

    def action_wrap(self) -> None:
        """Break long lines of output, or do not."""
        wraps = self._output.toggle_wrap()
        self._notices.show("Long lines are broken." if wraps else "Long lines go on to the right.")

    def action_history(self) -> None:
        """Show what was run here before."""
        if self._presenter.has_entered:
            self._history.open()

    def action_clear_output(self) -> None:
        """Forget the output of programs that have ended."""
        self._output.clear()

    def action_help(self) -> None:
        """Show the keys."""
        notes = room_notes(self._room.welcome) if self._presenter.has_entered else []
        pane = self.focused.id if self.focused else ""
        app_of(self).push_screen(HelpScreen(notes, pane or ""))

    def action_invite(self) -> None:
        """Show the line that lets others join."""
        other, make = "Not connected yet.", None
        if self._presenter.has_entered:
            other = where_to_get_invites(self._room.members.members)
            make = self._make_line if self._room.role is Role.HOST else None
        app_of(self).push_screen(InviteScreen(self._join_line, other, make))

    async def _make_line(self, role: Role) -> str:
        return make_join_line(self._join_line, await self._room.invite(role))

    def action_copy_output(self) -> None:
        """Copy the chosen block, or the last."""
        self._output_export.copy()

    def action_theme(self) -> None:
        """Change between dark and light."""
        app_of(self).theme = LIGHT.name if app_of(self).theme == DARK.name else DARK.name
        self._collaborators.update_colours()
        self._set_titles()

    def action_palette(self) -> None:
        """Open the command palette."""
        app_of(self).action_command_palette()

    async def action_leave(self) -> None:
        """Leave the room."""
        await app_of(self).run_action("leave")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave ctrl+c to whoever has the focus, if nothing is selected in a text."""
        return bool(self._selected()) if action == "copy" else True

    def action_copy(self) -> None:
        """Copy what is selected; the first time it is said where to."""
        if text := self._selected():
            app_of(self).post_message(
                CopyRequested("" if self._has_copied else "the selection", text)
            )
            self._has_copied = True

    def _selected(self) -> str:
        return self.focused.selected_text if isinstance(self.focused, SourceArea) else ""

    def action_copy_hint(self) -> None:
        """Say what to press instead of ctrl+c."""
        self._notices.show("ctrl+q leaves; F8 ends your run; ctrl+c copies what is selected.")

    # For the command palette.

    @property
    def languages(self) -> Sequence[LanguageInfo]:
        """What can be run; empty until the room told."""
        return self.editor_controller.languages

    @property
    def collaborators(self) -> Collaborators:
        """The others in the text."""
        return self._collaborators

    def run_editor_action(self, action: str) -> None:
        """Do something that the editor does by a key of its own, in the text with the focus."""
        area = self.focused if isinstance(self.focused, SourceArea) else self._editor
        if area is self._editor:
            self._show_editor()
        area.focus()
        target = self if action == "copy" else area
        self.run_worker(app_of(self).run_action(action, target), group="palette")

    def run_key_action(self, action: str) -> None:
        """Do one of the key table's actions."""
        self.run_worker(self.run_action(action), group="palette")
