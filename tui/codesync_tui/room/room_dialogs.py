"""Opens the dialogs for help, invitations and the language."""

from textual.screen import Screen

from codesync_client import Room
from codesync_protocol.messages import LanguageInfo, Role
from codesync_tui.dialogs.help import HelpScreen, room_notes
from codesync_tui.dialogs.invite import InviteScreen, make_join_line, where_to_get_invites
from codesync_tui.dialogs.language import LanguagePicker
from codesync_tui.dialogs.notices import Notices
from codesync_tui.room.editor_controller import EditorController
from codesync_tui.room.permissions import Permissions
from codesync_tui.terminal.textual_types import app_of


class RoomDialogs:
    """Opens the dialogs for help, invitations and the language.

    Args:
        screen: the room's screen.
        room: the room.
        permissions: what this member may do.
        editor: changes the language.
        notices: shows notices.
        join_line: the command line that lets others join; empty if there is none.
    """

    def __init__(
        self,
        screen: Screen[None],
        room: Room,
        permissions: Permissions,
        editor: EditorController,
        notices: Notices,
        *,
        join_line: str,
    ) -> None:
        self._screen = screen
        self._room = room
        self._permissions = permissions
        self._editor = editor
        self._notices = notices
        self._join_line = join_line
        self._has_shown_join_hint = False

    def show_help(self) -> None:
        """Show the keys and the limits of the room."""
        notes = room_notes(self._room.welcome) if self._permissions.has_entered else []
        focused = self._screen.focused
        pane = focused.id if focused else ""
        app_of(self._screen).push_screen(HelpScreen(notes, pane or ""))

    def show_invite(self) -> None:
        """Show the command line that lets others join."""
        alternative, make = "Not connected yet.", None
        if self._permissions.has_entered:
            alternative = where_to_get_invites(self._room.members.members)
            make = self._make_join_line if self._room.role is Role.HOST else None
        app_of(self._screen).push_screen(InviteScreen(self._join_line, alternative, make))

    async def _make_join_line(self, role: Role) -> str:
        return make_join_line(self._join_line, await self._room.invite(role))

    def show_join_hint(self, *, is_new: bool) -> None:
        """Show once how others join, if they can.

        Args:
            is_new: nobody has written anything yet; else the user knows the room already, and a
                short hint is enough.
        """
        if not self._join_line or self._has_shown_join_hint:
            return
        self._has_shown_join_hint = True
        if is_new:
            how = f"{self._join_line}\nF9 shows and copies it."
            self._notices.show(how, title="Others join with")
        else:
            self._notices.show("F9 shows the line that lets others join.")

    def pick_language(self) -> None:
        """Ask for a language and change to it."""
        languages = self._editor.languages
        if not languages:
            self._notices.show("Not connected yet: no language is known.", "warning")
            return
        current = self._editor.program.language
        picker = LanguagePicker(languages, current.name if current else "")
        app_of(self._screen).push_screen(picker, self._language_picked)

    def _language_picked(self, language: LanguageInfo | None) -> None:
        if language is not None:
            self._editor.choose_language(language)

    def choose_language(self, language: LanguageInfo) -> None:
        """Change to a language, unless the server cannot run it."""
        if language.available:
            self._editor.choose_language(language)
        else:
            self._notices.show(f"{language.title} is not installed on this server.", "warning")
