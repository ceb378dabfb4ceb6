"""The members pane: who is here, in which colour and role."""

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from codesync_protocol.messages import Member
from codesync_tui import theme
from codesync_tui.panels.fit import shorten
from codesync_tui.typed import app_of

_ROLE_COLUMNS = 12


class MembersPane(VerticalScroll, can_focus=True):
    """Who is here.

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

    def compose(self) -> ComposeResult:
        """One text for all of them: a room may have hundreds."""
        yield Static(markup=False)

    def show_members(self, members: tuple[Member, ...], me: int) -> None:
        """Show who is here.

        Args:
            members: in order of arrival.
            me: our own member id.
        """
        lines = [self._line(member, me) for member in members]
        self.query_one(Static).update(Content("\n").join(lines))

    def _line(self, member: Member, me: int) -> Content:
        colour = theme.member_colour(member.colour, app_of(self).theme)
        you = " (you)" if member.member == me else ""
        width = max(8, (self.scrollable_content_region.width or 30) - _ROLE_COLUMNS)
        return Content.assemble(
            ("● ", colour),
            (shorten(member.name, width), colour),
            (you, "$foreground"),
            (f"  {shorten(member.role, 10)}", "$dim"),
        )
