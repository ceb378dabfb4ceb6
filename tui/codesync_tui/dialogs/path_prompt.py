"""Asks for the path of a file."""

import asyncio
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from codesync_protocol.printable import show_line
from codesync_tui.dialogs.dialog import Dialog
from codesync_tui.dialogs.path_completion import complete_path
from codesync_tui.formatting.columns import shorten

COMPLETION_SECONDS = 5.0
"""The timeout for reading the folder."""

NAMES_ROWS = 3
"""How many rows of names are shown."""

_HINT = "A path on this machine, ~ is your home. Tab completes it, enter does it, escape does not."


class PathPrompt(Dialog[str]):
    """Asks for the path of a file.

    Args:
        title: what the file is used for.
        path: the initial content of the field.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete", "Complete", show=False, priority=True),
    ]

    DEFAULT_CSS = """
    PathPrompt Input { background: $background; padding: 0 1; }
    """

    def __init__(self, title: str, path: str) -> None:
        super().__init__()
        self._title = title
        self._path = path
        self._completed = ""

    def compose(self) -> ComposeResult:
        """Compose the input field."""
        with Vertical(classes="dialog"):
            yield Static(Content(self._title), classes="dialog--title", markup=False)
            line = Input(show_line(self._path), compact=True, select_on_focus=False)
            line.cursor_blink = False
            yield line
            yield Static(Content(_HINT), id="path-hint", classes="dialog--hint", markup=False)

    def action_complete(self) -> None:
        """Complete the path as far as it is unambiguous, and list the possible names."""
        self.run_worker(self._complete(self.query_one(Input).value), exclusive=True)

    async def _complete(self, typed: str) -> None:
        try:
            async with asyncio.timeout(COMPLETION_SECONDS):
                path, names = await asyncio.to_thread(complete_path, typed)
        except TimeoutError:
            return
        line = self.query_one(Input)
        if line.value != typed:
            return  # the user has typed more
        self._completed = line.value = path
        line.cursor_position = len(path)
        if len(names) != 1:
            room = NAMES_ROWS * self.query_one(Input).size.width
            self._show_hint(shorten("  ".join(names), room) or "Nothing there is called so.")

    def _show_hint(self, text: str) -> None:
        self.query_one("#path-hint", Static).update(Content(text))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show the keys again when the user continues to type."""
        if event.value != self._completed:
            self._show_hint(_HINT)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Close the dialog and return the path."""
        event.stop()
        path = event.value.strip()
        self.dismiss(path or None)
