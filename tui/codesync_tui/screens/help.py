"""The help: every key, made from the key table, and what this room allows."""

from collections.abc import Iterator
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from codesync_protocol.messages import Welcome
from codesync_protocol.printable import show_line
from codesync_tui import words
from codesync_tui.actions import ACTIONS, PANE_KEYS, Action, key_labels
from codesync_tui.screens.dialog import Dialog

_KEY_COLUMNS = 21


class HelpScreen(Dialog[None]):
    """Every key, and what this room allows.

    Args:
        notes: sentences about this room; may hold foreign text.
        pane: the id of the pane that has the focus: its keys come first.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("f1,q", "close", "Close", show=False)]

    DEFAULT_CSS = """
    HelpScreen > .dialog { width: 84; height: 90%; }
    """

    def __init__(self, notes: list[str], pane: str = "") -> None:
        super().__init__()
        self._notes = notes
        self._pane = pane

    def compose(self) -> ComposeResult:
        """One long text that scrolls."""
        with VerticalScroll(classes="dialog"):
            yield Static(Content("Keys"), classes="dialog--title", markup=False)
            yield Static(help_text(self._notes, self._pane), markup=False)
            yield Static(
                Content("What has no key is among the commands (ctrl+p). Escape closes."),
                classes="dialog--hint",
                markup=False,
            )


def help_text(notes: list[str], pane: str = "") -> Content:
    """Make the help from the key table.

    Args:
        notes: sentences about this room; may hold foreign text.
        pane: the id of the pane whose keys come first; none need.
    """
    parts: list[Content] = [*_pane_keys(pane)]
    for group in dict.fromkeys(action.group for action in ACTIONS):
        parts.append(Content.styled(group, "bold"))
        parts += [_action_line(action) for action in ACTIONS if action.group == group]
        parts.append(Content(""))
    for other in PANE_KEYS:
        if other != pane:
            parts += _pane_keys(other)
    if notes:
        parts.append(Content.styled("This room", "bold"))
        parts += [Content(f"  {show_line(note)}") for note in notes]
    return Content("\n").join(parts)


def _pane_keys(pane: str) -> Iterator[Content]:
    if pane in PANE_KEYS:
        title, keys = PANE_KEYS[pane]
        yield Content.styled(title, "bold")
        yield from (_line(key, what) for key, what in keys)
        yield Content("")


def _action_line(action: Action) -> Content:
    if not action.keys:
        return Content.assemble((f"  {action.title:<{_KEY_COLUMNS}}", "$secondary"), action.help)
    return _line(key_labels(action), action.help)


def _line(key: str, what: str) -> Content:
    return Content.assemble((f"  {key:<{_KEY_COLUMNS}}", "$primary bold"), what)


def room_notes(welcome: Welcome) -> list[str]:
    """Say what one may want to know about a room."""
    sandbox = "a sandbox" if welcome.executor.sandboxed else "no sandbox"
    notes = [
        f"Room {welcome.room}; you are {welcome.role.value}.",
        f"Programs run in {sandbox} ({welcome.executor.kind}).",
        f"A program may use {words.limits(welcome.limits)}.",
    ]
    return [*notes, *([welcome.executor.banner] if welcome.executor.banner else [])]
