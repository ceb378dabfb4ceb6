"""The input line for a running program."""

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input

from codesync_protocol.printable import show_line
from codesync_tui.editor.source_document import normalize_newlines

HISTORY_MAX = 200


class AnswerLine(Input):
    """The input line for a running program; pasted lines are sent one by one.

    Args:
        id: the widget's id.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+d", "end_or_delete", "End of input", show=False),
        Binding("ctrl+c", "interrupt_or_copy", "Interrupt", show=False),
        Binding("up", "history(-1)", "Line before", show=False),
        Binding("down", "history(1)", "Line after", show=False),
    ]

    class LinesEntered(Message):
        """Posted when the user has entered lines.

        Attributes:
            text: the lines, each with its line feed.
        """

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class EndOfInput(Message):
        """Posted when the user ends the input."""

    class InterruptRequested(Message):
        """Posted when the user wants to interrupt the program."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's
        super().__init__(id=id, compact=True, select_on_focus=False)
        self.cursor_blink = False
        self._sent: list[str] = []
        self._recalled = 0

    async def action_submit(self) -> None:
        """Send the line."""
        self._send(self.value)
        self.value = ""

    def _send(self, line: str) -> None:
        if line and line not in self._sent[-1:]:
            self._sent = [*self._sent, line][-HISTORY_MAX:]
        self._recalled = len(self._sent)
        self.post_message(self.LinesEntered(f"{line}\n"))

    def action_end_or_delete(self) -> None:
        """End the input if the line is empty, as in a shell; else delete to the right."""
        if self.value:
            self.action_delete_right()
        else:
            self.post_message(self.EndOfInput())

    def action_interrupt_or_copy(self) -> None:
        """Copy the selection if there is one, else interrupt the program."""
        if self.selection.is_empty:
            self.post_message(self.InterruptRequested())
        else:
            self.action_copy()

    def action_history(self, step: int) -> None:
        """Recall a line that was sent before."""
        if not self._sent:
            return
        self._recalled = min(max(self._recalled + step, 0), len(self._sent))
        self.value = self._sent[self._recalled] if self._recalled < len(self._sent) else ""
        self.cursor_position = len(self.value)

    def _on_paste(self, event: events.Paste) -> None:
        # Control characters are sent as they are shown: as their pictures.
        *whole, rest = normalize_newlines(event.text).split("\n")
        for line in whole:
            self._send(self.value + show_line(line))
            self.value = ""
        self.insert_text_at_cursor(show_line(rest))
        event.prevent_default()
        event.stop()
