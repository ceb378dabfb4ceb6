"""Shows where other members are in the text, and follows or jumps to one."""

from collections.abc import Callable
from time import monotonic

from rich.style import Style
from textual.color import Color

from codesync_client import Room
from codesync_client.document.carets import CaretPlace
from codesync_protocol.messages import Member
from codesync_protocol.printable import show_line
from codesync_tui.dialogs.notices import Notices
from codesync_tui.editor import CodeEditor
from codesync_tui.editor.remote_carets import RemoteCaret
from codesync_tui.formatting.columns import shorten
from codesync_tui.panels.member_activity import ActivityTracker, MemberActivity
from codesync_tui.panels.members import MembersPane
from codesync_tui.panels.status import StatusLine
from codesync_tui.terminal.textual_types import app_of
from codesync_tui.theme import LIGHT, SIXTEEN, THEMES, member_colour

NAME_COLUMNS = 12


class Collaborators:
    """Shows where other members are, and follows or jumps to one.

    Args:
        room: the room.
        editor: shows their carets.
        members: shows their activity.
        status: shows whom we follow.
        notices: shows notices.
        clock: the monotonic clock.
    """

    def __init__(
        self,
        room: Room,
        editor: CodeEditor,
        members: MembersPane,
        status: StatusLine,
        notices: Notices,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._room = room
        self._editor = editor
        self._members = members
        self._status = status
        self._notices = notices
        self._clock = clock
        self._activity = ActivityTracker()
        self._followed = 0
        self._jumped_to = 0
        self._is_stale = False

    @property
    def others(self) -> list[Member]:
        """The other members with a place in the source, in order of arrival."""
        if not self._room.document.is_there:
            return []
        me, places = self._room.welcome.member, self._places
        members = self._room.members.members
        return [each for each in members if each.member in places and each.member != me]

    # Events.

    def text_written(self, member: int) -> None:
        """Note that a member changed the source."""
        self._activity.text_written(member, self._clock())

    def text_moved(self) -> None:
        """Show the carets at their new places, after the source has changed."""
        self._activity.text_moved(self._places)
        self._show_carets()

    def carets_moved(self) -> None:
        """Show the carets after members have moved, come or left."""
        self._activity.carets_moved(self._places, self._clock())
        self._show_carets()

    def update_activity(self) -> None:
        """Update who types and who is idle. Called once a second."""
        members = self._room.members.members
        self._activity.update_members({each.member for each in members}, self._clock())
        self._members.show_activity(
            {each.member: self._activity_of(each.member) for each in members}
        )
        if self._is_stale:
            self._show_carets()

    def update_colours(self) -> None:
        """Repaint the carets after the theme has changed."""
        self._is_stale = True

    @property
    def _places(self) -> dict[int, CaretPlace]:
        return self._room.document.carets.others

    def _activity_of(self, member: int) -> MemberActivity:
        if member == self._room.welcome.member:
            return MemberActivity(self._editor.cursor_location[0] + 1)
        place = self._places.get(member)
        line = self._editor.source.location_of(place.head)[0] + 1 if place else 0
        return MemberActivity(line, self._activity.state_of(member, self._clock()))

    def _show_carets(self) -> None:
        self._is_stale = False
        self._editor.show_remote_carets(
            [self._caret(each, self._places[each.member]) for each in self.others]
        )
        if self._followed:
            self._reveal_followed()

    def _caret(self, member: Member, place: CaretPlace) -> RemoteCaret:
        caret, selection = caret_styles(member.colour, app_of(self._editor).theme)
        name = shorten(show_line(member.name), NAME_COLUMNS)
        return RemoteCaret(name, place.anchor, place.head, caret, selection)

    # Following and jumping.

    def follow_next(self) -> None:
        """Follow the next member; after the last one, stop."""
        ids = [each.member for each in self.others]
        if not ids:
            self._notices.show("Nobody else is in the text.")
        elif self._followed == ids[-1]:
            self.stop_following()
        else:
            self.follow(ids[ids.index(self._followed) + 1] if self._followed in ids else ids[0])

    def follow(self, member: int) -> None:
        """Keep a member's caret in view until a key is pressed."""
        self._followed = member
        self._editor.is_following = True
        self._status.update_status(following=shorten(self._name(member), NAME_COLUMNS))
        self._reveal_followed()

    def stop_following(self) -> None:
        """Stop following."""
        if self._followed:
            self._followed = 0
            self._editor.is_following = False
            self._status.update_status(following="")

    def jump_next(self) -> None:
        """Move our caret to the next member."""
        ids = [each.member for each in self.others]
        if not ids:
            self._notices.show("Nobody else is in the text.")
            return
        self.jump_to(
            ids[(ids.index(self._jumped_to) + 1) % len(ids)] if self._jumped_to in ids else ids[0]
        )

    def jump_to(self, member: int) -> None:
        """Move our caret to a member."""
        self.stop_following()
        self._jumped_to = member
        if (place := self._places.get(member)) is not None:
            self._editor.move_caret_to(place.head)
            self._editor.focus()

    def _reveal_followed(self) -> None:
        place = self._places.get(self._followed)
        if place is None:
            self.stop_following()
        else:
            self._editor.reveal(place.head)

    def _name(self, member: int) -> str:
        names = {each.member: each.name for each in self._room.members.members}
        return show_line(names.get(member, ""))


def caret_styles(colour: int, theme: str) -> tuple[Style, Style]:
    """Return the styles of a member's caret and selection.

    Args:
        colour: Member.colour.
        theme: the name of the app's theme.
    """
    own = Color.parse(member_colour(colour, theme))
    if theme == SIXTEEN.name:
        return Style(color="black", bgcolor=own.rich_color), Style(underline=True)
    shown = next((each for each in THEMES if each.name == theme), LIGHT)
    background = Color.parse(shown.background or "#000000")
    selection = background.blend(own, 0.3)
    return (
        Style(color=background.rich_color, bgcolor=own.rich_color),
        Style(bgcolor=selection.rich_color),
    )
