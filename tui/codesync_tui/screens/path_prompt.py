"""Asks for a file's path."""

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from codesync_protocol.printable import show_line
from codesync_tui.screens.dialog import Dialog


class PathPrompt(Dialog[str]):
    """Asks for a file's path.

    Args:
        title: what is done with it.
        path: what stands there at first.
    """

    DEFAULT_CSS = """
    PathPrompt Input { background: $background; padding: 0 1; }
    """

    def __init__(self, title: str, path: str) -> None:
        super().__init__()
        self._title = title
        self._path = path

    def compose(self) -> ComposeResult:
        """One line to write the path into."""
        with Vertical(classes="dialog"):
            yield Static(Content(self._title), classes="dialog--title", markup=False)
            line = Input(show_line(self._path), compact=True, select_on_focus=False)
            line.cursor_blink = False
            yield line
            yield Static(
                Content("A path on this machine, ~ is your home. Enter does it, escape does not."),
                classes="dialog--hint",
                markup=False,
            )

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Answer with the path."""
        event.stop()
        path = event.value.strip()
        self.dismiss(path or None)
