"""The status line: the room, the connection, what is written, and keys worth knowing."""

from dataclasses import dataclass, replace

from textual.content import Content
from textual.widget import Widget

from codesync_tui.panels.fit import shorten

_HINTS = (
    ("F5", "run"),
    ("F1", "help"),
    ("F4", "output"),
    ("F2", "language"),
    ("F3", "people"),
    ("F7", "input"),
    ("F9", "invite"),
    ("ctrl+p", "commands"),
)
"""Keys worth knowing, the most useful first; as many are shown as there is room for."""


@dataclass(frozen=True, slots=True)
class Status:
    """What the status line says.

    Attributes:
        room: the room's name.
        connection: e.g. "online" or "offline, retry in 3 s".
        is_online: whether the connection stands.
        role: our role; empty as long as we do not know.
        language: what people call the chosen language.
        file: the name of the file that is open; empty when none is.
        is_unsaved: the text differs from the file's.
        unsandboxed: programs run without a sandbox.
        unsent: edits of ours that the server does not have yet; None before the text is there.
        unkept: the server keeps nothing now.
        following: the member whose caret is kept in view; empty when none is.
        awaiting: the program that waits for somebody to type; empty when none does.
    """

    room: str
    connection: str = "connecting …"
    is_online: bool = False
    role: str = ""
    language: str = ""
    file: str = ""
    is_unsaved: bool = False
    unsandboxed: bool = False
    awaiting: str = ""
    unsent: int | None = None
    unkept: bool = False
    following: str = ""


class StatusLine(Widget):
    """One line that says how things stand.

    Args:
        room: the room's name.
        id: the widget's id.
    """

    ALLOW_SELECT = False

    DEFAULT_CSS = """
    StatusLine { height: 1; background: $bar; color: $bar-text; }
    StatusLine:ansi { text-style: reverse; }
    """

    def __init__(self, room: str, *, id: str | None = None) -> None:  # noqa: A002 - Textual's
        super().__init__(id=id)
        self.status = Status(room)

    def change(self, **changes: object) -> None:
        """Show other values of some of Status's fields."""
        status = replace(self.status, **changes)  # type: ignore[arg-type]  # fields of Status
        if status != self.status:
            self.status = status
            self.refresh()

    def render(self) -> Content:
        """Fit what matters most into the width."""
        status, width = self.status, self.size.width
        parts: list[tuple[str, str]] = [(f" {shorten(status.room, 24)} ", "bold")]
        style = "$success" if status.is_online else "$warning bold"
        is_synced = status.is_online and status.unsent == 0
        connection = f"{status.connection}, synced" if is_synced else status.connection
        parts.append((f" {'●' if status.is_online else '○'} {connection} ", style))
        if status.unsent:
            parts.append((f" {status.unsent} unsent ", "$warning bold"))
        if status.unkept:
            parts.append((" not kept ", "$warning bold"))
        if status.following:
            parts.append((f" with {status.following} ", "$primary bold"))
        if status.awaiting:
            parts.append((f" {status.awaiting} waits for input ", "$warning bold"))
        if status.unsandboxed:
            parts.append((" not sandboxed ", "$warning bold"))
        if status.language:
            parts.append((f" {shorten(status.language, 16)} ", ""))
        if status.file:
            parts.append((f" {shorten(status.file, 20)}{' *' if status.is_unsaved else ''} ", ""))
        if status.role and status.role != "host":
            parts.append((f" {shorten(status.role, 10)} ", "$dim"))
        left = Content.assemble(*parts)
        if left.cell_length > width:
            return left.truncate(width, ellipsis=True)
        hints = _hints(width - left.cell_length - 1)
        gap = " " * max(0, width - left.cell_length - hints.cell_length)
        return Content.assemble(left, gap, hints)


def _hints(room: int) -> Content:
    shown: list[tuple[str, str]] = []
    used = 0
    for key, what in _HINTS:
        cost = len(key) + len(what) + 3
        if used + cost > room:
            break
        used += cost
        shown += [(f" {key}", "bold"), (f" {what} ", "$dim")]
    return Content.assemble(*shown)
