"""The command palette: finds all actions by title, alias and help text."""

from collections.abc import Callable, Iterator
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.fuzzy import FuzzySearch

from codesync_protocol.printable import show_line
from codesync_tui.dialogs.dialog import Dialog
from codesync_tui.keymap import ACTIONS, EDITOR_ACTIONS, Action, key_labels
from codesync_tui.room.palette_command import PaletteCommand, match_score
from codesync_tui.room.screen import RoomScreen
from codesync_tui.terminal.textual_types import app_of

_HIDDEN = frozenset({"palette"})


class RoomCommands(Provider):
    """Offers the actions of the key table, commands for members, and the languages."""

    async def discover(self) -> Hits:
        """Yield all commands in the order of the key table."""
        for each in self._commands():
            title, call = Content(each.title), partial(self._do, each.callback)
            yield DiscoveryHit(title, call, text=each.title, help=_plain(each.help))

    async def search(self, query: str) -> Hits:
        """Yield the commands that match by word; if there are none, those that match fuzzily."""
        commands = list(self._commands())
        scores = [match_score(query, each) for each in commands]
        search = FuzzySearch()
        for each, score in zip(commands, scores, strict=True):
            by_letters, offsets = search.match(query, each.title)
            if (rank := score if any(scores) else by_letters) <= 0:
                continue
            shown = Content(each.title)
            for offset in offsets:
                shown = shown.stylize("bold underline", offset, offset + 1)
            call = partial(self._do, each.callback)
            yield Hit(rank, shown, call, text=each.title, help=_plain(each.help))

    def _do(self, call: Callable[[], object]) -> None:
        """Close an open dialog, as escape does, and run a command."""
        if isinstance(self.screen, Dialog):
            self.screen.action_close()
        call()

    def _commands(self) -> Iterator[PaletteCommand]:
        # Titles of languages are foreign. They become Content, which is never parsed as markup.
        room = app_of(self.screen).screen_stack[0]
        if not isinstance(room, RoomScreen):
            return
        for action in ACTIONS:
            if action.name not in _HIDDEN:
                yield _command(action, partial(room.run_key_action, action.name))
        for action in EDITOR_ACTIONS:
            yield _command(action, partial(room.run_editor_action, action.name))
        collaborators = room.controllers.collaborators
        for member in collaborators.others:
            name = show_line(member.name)
            follow = partial(collaborators.follow, member.member)
            yield PaletteCommand(
                f"Follow: {name}", "Look on with this member, until a key.", follow
            )
            to_member = partial(collaborators.jump_to, member.member)
            yield PaletteCommand(f"Go to: {name}", "Go to where this member is.", to_member)
        yield from room.controllers.member_administration.commands()
        for language in room.languages:
            title = f"Language: {show_line(language.title)}"
            choose = partial(room.controllers.dialogs.choose_language, language)
            yield PaletteCommand(
                title, "Choose this language.", choose, " ".join(language.extensions)
            )


def _command(action: Action, call: Callable[[], object]) -> PaletteCommand:
    keys = f"  ({key_labels(action)})" if action.keys else ""
    return PaletteCommand(action.title + keys, action.help, call, action.aliases)


def _plain(text: str) -> str:
    """Replace brackets, since the palette parses help texts as markup."""
    return text.replace("[", "(").replace("]", ")")
