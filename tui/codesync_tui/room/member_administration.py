"""Commands of a host: change the roles of members and remove members."""

from collections.abc import Iterator
from functools import partial

from codesync_client import Room
from codesync_protocol.messages import Role
from codesync_protocol.printable import show_line
from codesync_tui.dialogs.notices import Notices
from codesync_tui.room.palette_command import PaletteCommand

_ROLES = {
    Role.EDITOR: ("an editor", "Let this member write, run and type."),
    Role.VIEWER: ("a viewer", "Let this member only look on."),
}


class MemberAdministration:
    """Changes the roles of members and removes members.

    Args:
        room: the room.
        notices: shows notices.
    """

    def __init__(self, room: Room, notices: Notices) -> None:
        self._room = room
        self._notices = notices

    def commands(self) -> Iterator[PaletteCommand]:
        """Yield the commands for the palette; none unless this member is a host."""
        if self._room.role is not Role.HOST:
            return
        for member in self._room.members.members:
            if member.role == Role.HOST:
                continue
            name = show_line(member.name)
            for role, (what, effect) in _ROLES.items():
                if member.role != role:
                    make = partial(self.set_role, member.member, role)
                    yield PaletteCommand(
                        f"Make {name} {what}", effect, make, "role rights permissions"
                    )
            remove = partial(self.remove_member, member.member)
            effect = "Send this member away; old invites end, too."
            yield PaletteCommand(f"Remove {name}", effect, remove, "kick ban throw out")

    def set_role(self, member: int, role: Role) -> None:
        """Change the role of a member."""
        self._notices.try_request(lambda: self._room.set_role(member, role))

    def remove_member(self, member: int) -> None:
        """Remove a member permanently."""
        self._notices.try_request(lambda: self._room.remove_member(member))
