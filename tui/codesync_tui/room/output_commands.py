"""Commands on the output: find, choose a block, wrap, clear, show a past job."""

from codesync_tui.dialogs.notices import Notices
from codesync_tui.room.pane_controller import PaneController
from codesync_tui.room.panes import RoomPanes
from codesync_tui.room.presenter import RoomPresenter


class OutputCommands:
    """Commands on the output.

    Args:
        panes: the output pane.
        pane_controller: makes the output visible.
        presenter: shows past jobs.
        notices: shows notices.
    """

    def __init__(
        self,
        panes: RoomPanes,
        pane_controller: PaneController,
        presenter: RoomPresenter,
        notices: Notices,
    ) -> None:
        self._panes = panes
        self._pane_controller = pane_controller
        self._presenter = presenter
        self._notices = notices

    def find(self) -> None:
        """Open the search line below the output."""
        self._pane_controller.show_output()
        self._panes.output_find.open()

    def choose_previous_block(self) -> None:
        """Choose the block above the chosen one."""
        self._choose_block(-1)

    def choose_next_block(self) -> None:
        """Choose the block below the chosen one."""
        self._choose_block(1)

    def _choose_block(self, step: int) -> None:
        self._pane_controller.show_output()
        self._panes.output.action_choose(step)
        self._panes.output.focus()

    def toggle_wrap(self) -> None:
        """Turn the wrapping of long lines on or off."""
        wraps = self._panes.output.toggle_wrap()
        self._notices.show("Long lines are broken." if wraps else "Long lines go on to the right.")

    def clear(self) -> None:
        """Discard the output of finished jobs."""
        self._panes.output.clear()

    def show_selected_job(self) -> None:
        """Show the output of the job that is selected in the queue."""
        job = self._panes.queue.selected_job
        if job is None:
            return
        is_new = self._presenter.show_past_job(job)
        if job in self._panes.output.transcript:
            self._pane_controller.show_output()
        if not is_new and job in self._panes.output.transcript:
            self._panes.output.reveal(job)
