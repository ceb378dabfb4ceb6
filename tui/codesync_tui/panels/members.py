"""The members pane: name, colour, role, line and activity of each member."""

from collections.abc import Mapping

from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from codesync_protocol.messages import Member
from codesync_tui import theme
from codesync_tui.formatting.columns import shorten
from codesync_tui.panels.member_activity import MemberActivity
from codesync_tui.terminal.textual_types import app_of

_ROLE_COLUMNS = 12


class MembersPane(VerticalScroll, can_focus=True):
    """Shows who is in the room.

    Args:
        id: the widget's id.
    """

    ALLOW_SELECT = False

    DEFAULT_CSS = """
    MembersPane {
        background: $background;
        scrollbar-size-vertical: 1;
        & > Static { height: auto; text-wrap: nowrap; text-overflow: ellipsis; }
    }
    """

    _members: tuple[Member, ...] = ()
    _me = 0
    _activity: Mapping[int, MemberActivity] = {}

    def compose(self) -> ComposeResult:
        """Compose one text for all members: a room may have hundreds."""
        yield Static(markup=False)

    def on_mount(self) -> None:
        """Repaint when the theme changes, since it defines the colours of members."""
        self.watch(app_of(self), "theme", self._refresh_lines, init=False)

    def show_members(self, members: tuple[Member, ...], me: int) -> None:
        """Show the members.

        Args:
            members: in order of arrival.
            me: our own member id.
        """
        if (members, me) != (self._members, self._me):
            self._members, self._me = members, me
            self._refresh_lines()

    def show_activity(self, doing: Mapping[int, MemberActivity]) -> None:
        """Show the activity of members, by member id."""
        if doing != self._activity:
            self._activity = doing
            self._refresh_lines()

    def on_resize(self, _: events.Resize) -> None:
        """Shorten the names for the new width."""
        self._refresh_lines()

    def _refresh_lines(self) -> None:
        lines = [self._line(member, self._me) for member in self._members]
        self.query_one(Static).update(Content("\n").join(lines))

    def _line(self, member: Member, me: int) -> Content:
        colour = theme.member_colour(member.colour, app_of(self).theme)
        you = " (you)" if member.member == me else ""
        doing = self._activity.get(member.member, MemberActivity())
        where = f"  line {doing.line}" if doing.line else ""
        what = f"  {doing.state}" if doing.state else ""
        taken = _ROLE_COLUMNS + len(you) + len(where) + len(what)
        width = max(8, (self.scrollable_content_region.width or 30) - taken)
        return Content.assemble(
            ("● ", colour),
            (shorten(member.name, width), colour),
            (you, "$foreground"),
            (where, "$foreground"),
            (what, "$success" if doing.state == "typing" else "$dim"),
            (f"  {shorten(member.role, 10)}", "$dim"),
        )
