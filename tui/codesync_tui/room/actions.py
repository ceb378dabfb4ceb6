"""Dispatches the actions of the key table to the controllers."""

from collections.abc import Callable, Mapping
from inspect import isawaitable

from textual.screen import Screen

from codesync_tui.room.controllers import RoomControllers
from codesync_tui.terminal.textual_types import app_of
from codesync_tui.theme import DARK, LIGHT


class RoomActions:
    """Runs the actions of the key table by their names.

    Args:
        screen: the room's screen.
        controllers: its controllers.
    """

    def __init__(self, screen: Screen[None], controllers: RoomControllers) -> None:
        self._screen = screen
        self._controllers = each = controllers
        self._handlers: Mapping[str, Callable[[], object]] = {
            "run_program": self._run_program,
            "cancel_job": lambda: each.runs.cancel(each.pane.focus_queue),
            "interrupt": lambda: each.runs.interrupt(each.targets.current),
            "stdin": each.pane.focus_input,
            "take_input": self._take_input,
            "end_input": each.stdin.end_input,
            "next_target": each.stdin.next_target,
            "language": each.dialogs.pick_language,
            "open_file": each.editor.ask_open_file,
            "save_file": each.editor.save_file,
            "save_file_as": each.editor.ask_save_as,
            "find": self._find,
            "go_to_line": each.source.ask_go_to_line,
            "go_to_error": each.source.go_to_next_error,
            "toggle_comment": each.source.toggle_comment,
            "select_all": each.source.select_all,
            "people": each.pane.toggle_people,
            "output": each.pane.cycle_output,
            "next_pane": each.pane.focus_next,
            "full_screen": each.pane.toggle_full_screen,
            "wrap": each.output.toggle_wrap,
            "find_output": each.output.find,
            "block_before": each.output.choose_previous_block,
            "next_block": each.output.choose_next_block,
            "copy_output": each.export.copy,
            "save_output": each.export.ask_save,
            "save_all_output": each.export.ask_save_all,
            "clear_output": each.output.clear,
            "history": self._show_history,
            "theme": self._toggle_theme,
            "follow": self._follow_next,
            "jump": self._jump_next,
            "invite": each.dialogs.show_invite,
            "help": each.dialogs.show_help,
            "palette": lambda: app_of(screen).action_command_palette(),
            "leave": lambda: app_of(screen).run_action("leave"),
        }

    @property
    def names(self) -> frozenset[str]:
        """The names of all actions."""
        return frozenset(self._handlers)

    async def perform(self, name: str) -> None:
        """Run an action.

        Args:
            name: the `Action.name`.
        """
        result = self._handlers[name]()
        if isawaitable(result):
            await result

    def _run_program(self) -> None:
        if (submission := self._controllers.runs.submission()) is not None:
            self._controllers.submit(submission)

    def _take_input(self) -> None:
        panes = self._controllers.panes
        if panes.stdin.shows_answer_line:
            self._controllers.pane.show_output()
            panes.output.action_scroll_end()
        self._controllers.stdin.take_input()

    def _find(self) -> None:
        if self._controllers.panes.output.has_focus:
            self._controllers.output.find()
        else:
            self._controllers.source.find()

    def _follow_next(self) -> None:
        if self._controllers.collaborators.others:
            self._controllers.pane.show_editor()
        self._controllers.collaborators.follow_next()

    def _jump_next(self) -> None:
        if self._controllers.collaborators.others:
            self._controllers.pane.show_editor()
        self._controllers.collaborators.jump_next()

    def _show_history(self) -> None:
        if self._controllers.permissions.has_entered:
            self._controllers.history.open()

    def _toggle_theme(self) -> None:
        app = app_of(self._screen)
        app.theme = LIGHT.name if app.theme == DARK.name else DARK.name
        self._controllers.collaborators.update_colours()
        self._controllers.refresh_titles()
