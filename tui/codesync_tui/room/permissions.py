"""Tells what this member may do in the room at the moment."""

from codesync_client import Room
from codesync_protocol.messages import Role
from codesync_tui.dialogs.notices import Notices


class Permissions:
    """Tells what this member may do, and shows a notice when something is not allowed.

    Args:
        room: the room.
        notices: shows notices.
    """

    def __init__(self, room: Room, notices: Notices) -> None:
        self._room = room
        self._notices = notices
        self._has_entered = False

    @property
    def has_entered(self) -> bool:
        """Whether the room was entered, so that its state is known."""
        return self._has_entered

    def room_entered(self) -> None:
        """Note that the room was entered."""
        self._has_entered = True

    def may_write(self) -> bool:
        """Return whether this member may change the texts of the room, which was entered."""
        return self._room.role is not Role.VIEWER

    def refuse_viewer(self) -> bool:
        """Return whether this member is a viewer, who may not run or type; show a notice if so."""
        if not self._has_entered or self._room.role is not Role.VIEWER:
            return False
        self._notices.show("You are a viewer here: you can watch, and not run or type.", "warning")
        return True

    def explain_read_only(self) -> None:
        """Show why the text cannot be changed now."""
        if not self._has_entered or not self._room.document.is_there:
            self._notices.show_once("The room's text is not there yet.")
        else:
            self._notices.show_once("You are a viewer here: you can read, and not write.")
