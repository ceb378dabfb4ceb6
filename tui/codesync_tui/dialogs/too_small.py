"""Shows a notice instead of the room while the terminal is too small."""

from typing import Final

from textual.app import ComposeResult
from textual.content import Content
from textual.geometry import Size
from textual.widgets import Static

from codesync_tui.dialogs.dialog import Dialog

LEAST_WIDTH: Final = 40
LEAST_HEIGHT: Final = 12


def is_too_small(size: Size) -> bool:
    """Return whether the terminal is too small for the room's screen."""
    return size.width < LEAST_WIDTH or size.height < LEAST_HEIGHT


class TooSmallScreen(Dialog[None]):
    """A notice that covers the screen while the terminal is too small."""

    DEFAULT_CSS = """
    TooSmallScreen { background: $background; }
    TooSmallScreen > Static { width: 100%; height: auto; text-align: center; }
    """

    def compose(self) -> ComposeResult:
        """Compose the notice."""
        yield Static(
            Content(
                f"This terminal is too small: CodeSync needs {LEAST_WIDTH} columns and"
                f" {LEAST_HEIGHT} rows. Make it larger; the room goes on."
            ),
            markup=False,
        )

    def action_close(self) -> None:
        """Do nothing: the app closes this screen when the terminal is large enough."""
