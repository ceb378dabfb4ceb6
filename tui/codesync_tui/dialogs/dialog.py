"""The base class of all dialogs: they open over the room, and escape closes them."""

from typing import ClassVar, TypeVar

from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from codesync_tui.terminal.reliable_timers import ReliableTimers

_Answer = TypeVar("_Answer")


class Dialog(ReliableTimers, ModalScreen[_Answer]):
    """A modal screen that escape closes, and usually also the key that opened it."""

    ALLOW_SELECT = False

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", show=False),
        Binding("ctrl+q", "app.leave", "Leave", show=False, priority=True),
    ]

    DEFAULT_CSS = """
    Dialog {
        align: center middle;
        background: $background 60%;
        & > .dialog {
            width: 76;
            max-width: 100%;
            height: auto;
            max-height: 100%;
            padding: 1 2;
            background: $panel;
            border: none;
            border-left: thick $primary;
        }
        & .dialog--title { text-style: bold; color: $foreground; height: auto; margin-bottom: 1; }
        & .dialog--hint { color: $dim; height: auto; margin-top: 1; }
    }
    Dialog.-low {
        & > .dialog { padding: 0 1; }
        & .dialog--title { margin-bottom: 0; }
        & .dialog--hint { margin-top: 0; }
    }
    Dialog:ansi > .dialog { border: round ansi_default; }
    """

    def action_close(self) -> None:
        """Close the dialog without an answer."""
        self.dismiss(None)
