"""The titles of the panes."""

from textual.content import Content
from textual.widget import Widget

from codesync_tui.formatting import labels
from codesync_tui.panels.members import MembersPane
from codesync_tui.panels.output import OutputPane
from codesync_tui.panels.queue import QueuePane
from codesync_tui.panels.status import StatusLine
from codesync_tui.panels.stdin import StdinPane


class PaneTitles:
    """Updates the titles of the panes.

    Args:
        output: the output pane.
        stdin: the input pane.
        members: the members pane.
        queue: the queue pane.
        status: shows what a hidden title would say.
    """

    def __init__(
        self,
        output: OutputPane,
        stdin: StdinPane,
        members: MembersPane,
        queue: QueuePane,
        status: StatusLine,
    ) -> None:
        self._output = output
        self._stdin = stdin
        self._members = members
        self._queue = queue
        self._status = status

    def refresh(self, members: int, *, sees_stdin: bool) -> None:
        """Update all titles.

        Args:
            members: the number of members; 0 if it is unknown.
            sees_stdin: whether the prepared input is visible.
        """
        _set(self._output, "Output", sign="↓ more below" if self._output.has_unseen else "")
        text = self._stdin.prepared.text
        prepared = labels.size(len(text.encode("utf-8", "replace"))) if text else ""
        _set(self._stdin, "Input", f"{prepared} prepared" if prepared else "")
        self._status.update_status(prepared="" if sees_stdin else prepared)
        _set(self._members, "Members", str(members) if members else "")
        _set(self._queue, "Queue", self._queue.summary if members else "")


def _set(pane: Widget, title: str, detail: str = "", *, sign: str = "") -> None:
    text = f"{title}  {detail}" if detail else title
    pane.border_title = Content.assemble(text, (f"  {sign}", "$primary bold") if sign else "")
