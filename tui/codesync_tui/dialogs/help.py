"""The help: all keys, generated from the key table, and the limits of this room."""

from collections.abc import Iterator
from textwrap import wrap
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from codesync_protocol.messages import Welcome
from codesync_protocol.printable import show_line
from codesync_tui.dialogs.dialog import Dialog
from codesync_tui.formatting import labels
from codesync_tui.keymap import ACTIONS, PANE_KEYS, Action, key_labels

_KEY_COLUMNS = 21

_TEXT_COLUMNS = 28
"""If there are fewer columns beside the key, the help text is below it."""

_WIDTH = 84

_FRAME_COLUMNS = 8
"""The part of the width that frame, padding and scrollbar take."""


class HelpScreen(Dialog[None]):
    """Shows all keys, and what this room allows.

    Args:
        notes: sentences about this room; may hold foreign text.
        pane: the id of the pane that has the focus: its keys come first.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("f1,q", "close", "Close", show=False)]

    DEFAULT_CSS = f"""
    HelpScreen > .dialog {{ width: {_WIDTH}; height: 90%; }}
    """

    def __init__(self, notes: list[str], pane: str = "") -> None:
        super().__init__()
        self._notes = notes
        self._pane = pane

    def compose(self) -> ComposeResult:
        """Compose one long text that scrolls."""
        with VerticalScroll(classes="dialog"):
            yield Static(Content("Keys"), classes="dialog--title", markup=False)
            yield Static(id="keys", markup=False)
            yield Static(
                Content("What has no key is among the commands (ctrl+p). Escape closes."),
                classes="dialog--hint",
                markup=False,
            )

    def on_resize(self, event: events.Resize) -> None:
        """Wrap the text for the new width."""
        columns = min(_WIDTH, event.size.width) - _FRAME_COLUMNS
        self.query_one("#keys", Static).update(help_text(self._notes, self._pane, columns))


def help_text(notes: list[str], pane: str = "", columns: int = _WIDTH - _FRAME_COLUMNS) -> Content:
    """Generate the help from the key table.

    Args:
        notes: sentences about this room; may hold foreign text.
        pane: the id of the pane whose keys come first; empty for none.
        columns: the largest allowed width.
    """
    parts: list[Content] = [*_pane_keys(pane, columns)]
    for group in dict.fromkeys(action.group for action in ACTIONS):
        parts.append(Content.styled(group, "bold"))
        parts += [_action_line(action, columns) for action in ACTIONS if action.group == group]
        parts.append(Content(""))
    for other in PANE_KEYS:
        if other != pane:
            parts += _pane_keys(other, columns)
    if notes:
        parts.append(Content.styled("This room", "bold"))
        parts += [Content(_hang("  ", 2, show_line(note), columns)) for note in notes]
    return Content("\n").join(parts)


def _pane_keys(pane: str, columns: int) -> Iterator[Content]:
    if pane in PANE_KEYS:
        title, keys = PANE_KEYS[pane]
        yield Content.styled(title, "bold")
        yield from (_line(key, what, columns) for key, what in keys)
        yield Content("")


def _action_line(action: Action, columns: int) -> Content:
    if not action.keys:
        return _line(action.title, action.help, columns, "$secondary")
    return _line(key_labels(action), action.help, columns)


def _line(key: str, what: str, columns: int, style: str = "$primary bold") -> Content:
    indent = _KEY_COLUMNS + 2
    if columns - indent < _TEXT_COLUMNS:
        return Content.assemble((f"  {key}\n", style), _hang("    ", 4, what, columns))
    return Content.assemble((f"  {key:<{_KEY_COLUMNS}}", style), _hang("", indent, what, columns))


def _hang(begin: str, indent: int, text: str, columns: int) -> str:
    """Wrap a text with a hanging indent."""
    return begin + f"\n{' ' * indent}".join(wrap(text, max(1, columns - indent)))


def room_notes(welcome: Welcome) -> list[str]:
    """Describe the room: its sandbox and its limits."""
    sandbox = "a sandbox" if welcome.executor.sandboxed else "no sandbox"
    notes = [
        f"Room {welcome.room}; you are {welcome.role.value}.",
        f"Programs run in {sandbox} ({welcome.executor.kind}).",
        f"A program may use {labels.limits(welcome.limits)}.",
    ]
    return [*notes, *([welcome.executor.banner] if welcome.executor.banner else [])]
