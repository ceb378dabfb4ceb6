"""Changes which panes are visible and which one has the focus."""

from collections.abc import Callable

from textual.screen import Screen
from textual.widget import Widget

from codesync_tui.room.pane_focus import PaneFocus, pane_of
from codesync_tui.room.pane_layout import PaneLayout
from codesync_tui.room.panes import RoomPanes


class PaneController:
    """Changes which panes are visible and which one has the focus.

    Args:
        screen: the room's screen.
        panes: its panes.
        on_layout_changed: called after each change of the layout.
    """

    def __init__(
        self, screen: Screen[None], panes: RoomPanes, on_layout_changed: Callable[[], None]
    ) -> None:
        self._screen = screen
        self._panes = panes
        self._on_layout_changed = on_layout_changed
        self._layout = PaneLayout(screen)
        self._focus = PaneFocus(panes)

    @property
    def is_output_visible(self) -> bool:
        """Whether the output is visible."""
        return self._layout.is_output_visible

    @property
    def is_stdin_visible(self) -> bool:
        """Whether the prepared input is visible."""
        return self._layout.is_stdin_visible

    def apply(self) -> None:
        """Show the layout; if the pane with the focus is hidden now, focus another one."""
        focused = self._screen.focused
        self._layout.apply()
        self._panes.stdin.show_prepared(shown=self._layout.shows_stdin)
        self._on_layout_changed()
        self._screen.call_after_refresh(self._focus.ensure_visible, focused)

    def show_editor(self) -> None:
        """Make the editor visible."""
        self._layout.show_editor()
        self.apply()

    def focus_editor(self) -> None:
        """Make the editor visible and focus it."""
        self.show_editor()
        self._panes.editor.focus()

    def show_output(self) -> None:
        """Make the output visible."""
        self._layout.show_output()
        self.apply()

    def focus_queue(self) -> None:
        """Make the queue visible and focus it."""
        self._layout.show_queue()
        self.apply()
        self._panes.queue.focus()

    def cycle_output(self) -> None:
        """Give the output the next size."""
        self._layout.cycle_output()
        self.apply()

    def toggle_people(self) -> None:
        """Show or hide members and queue."""
        self._layout.toggle_people()
        self.apply()

    def focus_input(self) -> None:
        """Focus the answer line, or show and focus, or hide the prepared input."""
        stdin = self._panes.stdin
        target = stdin.input_widget()
        if target is None:
            self._layout.show_output()
            self._show_prepared_input(shown=True)
            stdin.prepared.focus()
        elif not target.has_focus:
            self._layout.show_output()
            target.focus()
        else:
            if target is stdin.prepared and not self._layout.is_wide:
                self._show_prepared_input(shown=False)
            self.focus_editor()

    def _show_prepared_input(self, *, shown: bool) -> None:
        self._layout.show_stdin(shown=shown)
        self.apply()

    def focus_next(self) -> None:
        """Focus the next pane; if a pane fills the screen, the next one fills it instead."""
        is_full = self._layout.maximized is not None
        following: Widget = self._focus.next_pane(is_full=is_full)
        if is_full:
            self._layout.maximize(pane_of(following))
            self.apply()
        following.focus()

    def toggle_full_screen(self) -> None:
        """Let the pane with the focus fill the screen, or restore the layout."""
        is_full = self._layout.maximized is not None
        self._layout.maximize(None if is_full else pane_of(self._screen.focused))
        self.apply()
