"""Decides which pane gets the focus next, or when the focused pane is hidden."""

from textual.widget import Widget

from codesync_tui.room.pane_layout import Pane
from codesync_tui.room.panes import RoomPanes


class PaneFocus:
    """Decides which pane gets the focus.

    Args:
        panes: the panes of the room's screen.
    """

    def __init__(self, panes: RoomPanes) -> None:
        self._stdin = panes.stdin
        self._before = (panes.editor, panes.output)
        self._behind = (panes.queue, panes.members)

    def next_pane(self, *, is_full: bool) -> Widget:
        """Return the pane that gets the focus next.

        Args:
            is_full: one pane fills the screen, so the next one need not be visible.
        """
        if is_full:
            target = self._stdin.input_widget() or self._stdin.prepared
            panes = [*self._before, target, *self._behind]
        else:
            panes = self._shown()
        focused = [index for index, pane in enumerate(panes) if pane.has_focus]
        return panes[(focused[0] + 1) % len(panes) if focused else 0]

    def ensure_visible(self, focused: Widget | None) -> None:
        """Focus the first visible pane if the focused one was hidden."""
        if focused is not None and not focused.is_on_screen and (shown := self._shown()):
            shown[0].focus()

    def _shown(self) -> list[Widget]:
        target = self._stdin.input_widget()
        panes = [*self._before, *([target] if target else []), *self._behind]
        return [pane for pane in panes if pane.is_on_screen]


def pane_of(widget: Widget | None) -> Pane:
    """Return the pane that contains a widget."""
    around = [each.id for each in widget.ancestors_with_self] if widget else []
    if "answer" in around or "output-find" in around:
        return Pane.OUTPUT
    return next((pane for pane in Pane if pane.value in around), Pane.EDITOR)
