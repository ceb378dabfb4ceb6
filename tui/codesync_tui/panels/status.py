"""The status line: room, connection, program, language, file and useful keys."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from rich.cells import cell_len
from textual.content import Content
from textual.widget import Widget

from codesync_tui.formatting.columns import shorten

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
"""Useful keys, the most useful first; as many are shown as fit."""

_LEAST_HINTS = 2
"""So many hints take precedence over what can be shortened, if the line is long enough."""

_HINTS_FROM = 60
"""The least width for hints; with fewer columns the room's name may be dropped, too."""

_SHORT_ROOM = 12


@dataclass(frozen=True, slots=True)
class Status:
    """The content of the status line.

    Attributes:
        room: the room's name.
        connection: e.g. "online" or "offline, retry in 3 s".
        is_online: whether the connection is up.
        role: our role; empty if it is unknown.
        language: the title of the language.
        file: the name of the open file; empty if there is none.
        is_unsaved: the text differs from the file's.
        unsandboxed: programs run without a sandbox.
        unsent: how many of our edits the server does not have; None before the text is loaded.
        is_not_persisted: the server cannot store anything now.
        following: the name of the followed member; empty if there is none.
        prepared: the size of the prepared input, if its pane is not visible.
        program: what a program does.
        program_style: the style of `program`.
    """

    room: str
    connection: str = "connecting …"
    is_online: bool = False
    role: str = ""
    language: str = ""
    file: str = ""
    is_unsaved: bool = False
    unsandboxed: bool = False
    unsent: int | None = None
    is_not_persisted: bool = False
    following: str = ""
    prepared: str = ""
    program: str = ""
    program_style: str = ""


class StatusLine(Widget):
    """Shows the state of the room in one line.

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

    def update_status(self, **changes: object) -> None:
        """Change some fields of `Status` and repaint if they differ."""
        status = replace(self.status, **changes)  # type: ignore[arg-type]  # fields of Status
        if status != self.status:
            self.status = status
            self.refresh()

    def render(self) -> Content:
        """Render what matters most, as far as it fits into the width."""
        width = self.size.width
        least = _hints_width(_LEAST_HINTS) if width >= _HINTS_FROM else 0
        left = Content.assemble(*_fitted(_parts(self.status, width), width - least))
        if left.cell_length > width:
            return left.truncate(width, ellipsis=True)
        hints = _hints(width - left.cell_length - 1)
        gap = " " * max(0, width - left.cell_length - hints.cell_length)
        return Content.assemble(left, gap, hints)


class _Part(NamedTuple):
    """A part of the line.

    Attributes:
        text: the text.
        style: the style.
        short: the text if the line is too short.
        weight: the parts with the lowest weight are shortened first; 0 means never.
    """

    text: str
    style: str = ""
    short: str = ""
    weight: int = 0


def _parts(status: Status, width: int) -> Iterator[_Part]:
    short = f" {shorten(status.room, _SHORT_ROOM)} " if width >= _HINTS_FROM else ""
    yield _Part(f" {shorten(status.room, 24)} ", "bold", short, 2)
    style = "$success" if status.is_online else "$warning bold"
    dot = "●" if status.is_online else "○"
    if status.is_online and status.unsent == 0:
        yield _Part(f" {dot} {status.connection}, synced ", style, f" {dot} synced ", 1)
    else:
        yield _Part(f" {dot} {status.connection} ", style)
    if status.unsent:
        yield _Part(f" {status.unsent} unsent ", "$warning bold")
    if status.is_not_persisted:
        yield _Part(" not stored ", "$warning bold")
    if status.following:
        yield _Part(f" with {status.following} ", "$primary bold")
    if status.program:
        yield _Part(f" {status.program} ", status.program_style)
    if status.prepared:
        yield _Part(f" {status.prepared} prepared ", "$primary", weight=4)
    if status.unsandboxed:
        yield _Part(" not sandboxed ", "$warning bold")
    if status.language:
        yield _Part(f" {shorten(status.language, 16)} ", weight=3)
    if status.file:
        unsaved = " *" if status.is_unsaved else ""
        yield _Part(f" {shorten(status.file, 20)}{unsaved} ", weight=5)
    if status.role and status.role != "host":
        yield _Part(f" {shorten(status.role, 10)} ", "$dim", weight=6)


def _fitted(parts: Iterable[_Part], width: int) -> Iterator[tuple[str, str]]:
    """Shorten parts, the least important first, until all fit or all are short."""
    shown = list(parts)
    for lightest in sorted((part for part in shown if part.weight), key=lambda part: part.weight):
        if sum(cell_len(part.text) for part in shown) <= width:
            break
        shown[shown.index(lightest)] = _Part(lightest.short, lightest.style)
    return ((part.text, part.style) for part in shown)


def _hints_width(count: int) -> int:
    return sum(len(key) + len(what) + 3 for key, what in _HINTS[:count]) + 1


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
