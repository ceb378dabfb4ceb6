"""The invitation: the line that lets others join."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from codesync_protocol.messages import Member, Role
from codesync_protocol.printable import show_line
from codesync_tui.messages import CopyAsked
from codesync_tui.panels.fit import shorten
from codesync_tui.screens.dialog import Dialog
from codesync_tui.typed import app_of


class InviteScreen(Dialog[None]):
    """Shows the line that lets others join.

    Args:
        join_line: the line; empty when this member has none to give.
        elsewhere: where the line is to be had then; may hold foreign text.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c,enter,ctrl+c", "copy", "Copy", show=False),
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

    def __init__(self, join_line: str, elsewhere: str = "") -> None:
        super().__init__()
        self._join_line = join_line
        self._elsewhere = elsewhere

    def compose(self) -> ComposeResult:
        """The line from edge to edge: the terminal's own selection then takes nothing else."""
        with Vertical(classes="dialog"):
            yield Static(Content("Invite"), classes="dialog--title", markup=False)
            if not self._join_line:
                yield Static(Content(show_line(self._elsewhere)), markup=False)
                yield Static(Content("Escape closes."), classes="dialog--hint", markup=False)
                return
            yield Static(Content("Whoever runs this joins the room:\n"), markup=False)
            yield Static(Content(show_line(self._join_line)), id="join-line", markup=False)
            yield Static(
                Content(
                    "c copies it, escape closes. Behind the # stands the key to this room:"
                    " give it only to people who may run programs here."
                ),
                classes="dialog--hint",
                markup=False,
            )

    def action_copy(self) -> None:
        """Ask for the line to be copied."""
        if self._join_line:
            app_of(self).post_message(CopyAsked("the line", self._join_line))
        self.dismiss(None)


def elsewhere(members: Sequence[Member], me: int, room: str) -> str:
    """Say where the line that lets others join is to be had.

    Args:
        members: who is here.
        me: our own member id.
        room: the room's name.
    """
    hosts = [member for member in members if member.role == Role.HOST]
    if any(host.member == me for host in hosts):
        return f"Whoever runs the server makes a line that lets others join: codesync invite {room}"
    names = ", ".join(shorten(host.name, 20) for host in hosts[:3])
    whose = f"{names} (F9 there)" if names else "Whoever opened this room"
    return (
        f"{whose} has the line that lets others join. The line that you came with lets them in,"
        " too: it may be passed on."
    )
