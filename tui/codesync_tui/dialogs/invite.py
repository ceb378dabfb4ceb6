"""Shows the command line that lets others join the room."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from codesync_client import Offline
from codesync_protocol.links import Link
from codesync_protocol.messages import Member, Role
from codesync_protocol.printable import show_line
from codesync_tui.dialogs.dialog import Dialog
from codesync_tui.formatting.columns import shorten
from codesync_tui.messages import CopyRequested
from codesync_tui.terminal.textual_types import app_of, start_worker

MakeJoinLine = Callable[[Role], Awaitable[str]]


_WHO = {Role.EDITOR: "joins the room", Role.VIEWER: "looks on"}
_MAY = {Role.EDITOR: "run programs", Role.VIEWER: "watch"}
_OTHERS = {Role.EDITOR: ("v", "viewers"), Role.VIEWER: ("e", "editors")}


class InviteScreen(Dialog[None]):
    """Shows the command line that lets others join.

    Args:
        line: the known line for editors; empty if there is none.
        elsewhere: where to get a line otherwise; may contain foreign text.
        make: requests a new line for a role, which no earlier removal of members has revoked;
            None if this member cannot invite. It may raise Offline.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c,enter,ctrl+c", "copy", "Copy", show=False),
        Binding("e", "make('editor')", "For editors", show=False),
        Binding("v", "make('viewer')", "For viewers", show=False),
        Binding("f9,q", "close", "Close", show=False),
    ]

    DEFAULT_CSS = """
    InviteScreen > .dialog { width: 100%; padding: 1 0; border: none; }
    InviteScreen.-low > .dialog { padding: 0; }
    InviteScreen:ansi > .dialog { border: none; border-top: solid ansi_default;
        border-bottom: solid ansi_default; }
    InviteScreen > .dialog > Static { padding: 0 2; }
    InviteScreen > .dialog > #join-line { padding: 0; background: $background; color: $primary;
        text-style: bold; height: auto; }
    """

    def __init__(self, line: str, elsewhere: str = "", make: MakeJoinLine | None = None) -> None:
        super().__init__()
        self._line = self._known = line
        self._alternative = elsewhere
        self._make = make
        self._role = Role.EDITOR

    def compose(self) -> ComposeResult:
        """Compose the line over the full width, so that a mouse selection contains only it."""
        with Vertical(classes="dialog"):
            yield Static(Content("Invite"), classes="dialog--title", markup=False)
            if not self._line and self._make is None:
                yield Static(Content(show_line(self._alternative)), markup=False)
                yield Static(Content("Escape closes."), classes="dialog--hint", markup=False)
                return
            yield Static(id="who", markup=False)
            yield Static(id="join-line", markup=False)
            yield Static(classes="dialog--hint", markup=False)

    def on_mount(self) -> None:
        """Show the known line until the server has made a new one."""
        if self._make is not None:
            self.action_make(Role.EDITOR.value)
        elif self._line:
            self._show(self._line)

    def action_make(self, role: str) -> None:
        """Request a line for another role."""
        if self._make is not None:
            self._role, self._line = Role(role), ""
            self._show("…")
            start_worker(self, partial(self._make_new_line, self._make, self._role), "invite")

    async def _make_new_line(self, make: MakeJoinLine, role: Role) -> None:
        try:
            line = await make(role)
        except Offline as error:
            line, self._alternative = self._known if role is Role.EDITOR else "", str(error)
        if role is self._role:
            self._line = line
            self._show(line or self._alternative)

    def _show(self, line: str) -> None:
        self.query_one("#who", Static).update(f"Whoever runs this {_WHO[self._role]}:\n")
        self.query_one("#join-line", Static).update(Content(show_line(line)))
        key, others = _OTHERS[self._role]
        other = f"{key} makes one for {others}, " if self._make is not None else ""
        self.query_one(".dialog--hint", Static).update(
            f"c copies it, {other}escape closes. Behind the # stands the key to this room: give it"
            f" only to people who may {_MAY[self._role]} here."
        )

    def action_copy(self) -> None:
        """Copy the line and close the dialog."""
        if self._line:
            app_of(self).post_message(CopyRequested("the line", self._line))
        self.dismiss(None)


def make_join_line(known: str, link: Link) -> str:
    """Build the command line that lets others join.

    Args:
        known: a line that shows how this room is reached; empty if there is none.
        link: the link whose token the line contains.
    """
    reached = known.partition("#")[0] if "#" in known else f"codesync join {link}".partition("#")[0]
    return f"{reached}#{link.token}"


def where_to_get_invites(members: Sequence[Member]) -> str:
    """Explain where members who cannot invite get a line that lets others join.

    Args:
        members: the members of the room.
    """
    hosts = [member for member in members if member.role == Role.HOST]
    names = ", ".join(shorten(host.name, 20) for host in hosts[:3])
    whose = f"{names} (F9 there)" if names else "Whoever opened this room"
    return (
        f"{whose} has the line that lets others join. The line that you came with lets them in,"
        " too: it may be passed on."
    )
