"""Asks for a line number."""

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from codesync_tui.dialogs.dialog import Dialog


class LinePrompt(Dialog[int]):
    """Asks for a line number.

    Args:
        lines: the number of lines.
    """

    DEFAULT_CSS = """
    LinePrompt > .dialog { width: 46; }
    LinePrompt Input { background: $background; padding: 0 1; }
    """

    def __init__(self, lines: int) -> None:
        super().__init__()
        self._lines = lines

    def compose(self) -> ComposeResult:
        """Compose the input field."""
        with Vertical(classes="dialog"):
            yield Static(Content("Go to line"), classes="dialog--title", markup=False)
            line = Input(type="integer", compact=True, max_length=9)
            line.cursor_blink = False
            yield line
            hint = f"1 to {self._lines}. Enter goes there, escape does not."
            yield Static(Content(hint), classes="dialog--hint", markup=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Close the dialog and return the number."""
        event.stop()
        digits = event.value.lstrip("+-")
        self.dismiss(int(digits) if digits.isdecimal() else None)
