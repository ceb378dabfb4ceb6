"""What is shown instead of a broken screen when the terminal is too small."""

from typing import Final

from textual.app import ComposeResult
from textual.content import Content
from textual.geometry import Size
from textual.widgets import Static

from codesync_tui.dialogs.dialog import Dialog

LEAST_WIDTH: Final = 40
LEAST_HEIGHT: Final = 12


def is_too_small(size: Size) -> bool:
    """Tell whether the terminal is too small for the room's screen."""
    return size.width < LEAST_WIDTH or size.height < LEAST_HEIGHT


class TooSmallScreen(Dialog[None]):
    """One sentence, as long as the terminal is too small."""

    DEFAULT_CSS = """
    TooSmallScreen { background: $background; }
    TooSmallScreen > Static { width: 100%; height: auto; text-align: center; }
    """

    def compose(self) -> ComposeResult:
        """One sentence."""
        yield Static(
            Content(
                f"This terminal is too small: CodeSync needs {LEAST_WIDTH} columns and"
                f" {LEAST_HEIGHT} rows. Make it larger; the room goes on."
            ),
            markup=False,
        )

    def action_close(self) -> None:
        """It closes by itself when there is room."""
