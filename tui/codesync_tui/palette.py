"""The command palette: every action of the key table, and every language."""

from collections.abc import Callable, Iterator
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.fuzzy import FuzzySearch

from codesync_protocol.printable import show_line
from codesync_tui.actions import ACTIONS, key_labels

_HIDDEN = frozenset({"palette"})


class RoomCommands(Provider):
    """Every action of the key table, and every language."""

    async def discover(self) -> Hits:
        """Everything, in the order of the key table."""
        for title, help_line, call in self._commands():
            yield DiscoveryHit(Content(title), call, text=title, help=_plain(help_line))

    async def search(self, query: str) -> Hits:
        """What matches the query."""
        search = FuzzySearch()
        for title, help_line, call in self._commands():
            score, offsets = search.match(query, title)
            if score <= 0:
                continue
            shown = Content(title)
            for offset in offsets:
                shown = shown.stylize("bold underline", offset, offset + 1)
            yield Hit(score, shown, call, text=title, help=_plain(help_line))

    def _commands(self) -> Iterator[tuple[str, str, Callable[[], None]]]:
        # Titles of languages are foreign: they go on as Content, which is never read as markup.
        from codesync_tui.screens.room import RoomScreen

        room = self.screen
        if not isinstance(room, RoomScreen):
            return
        for action in ACTIONS:
            if action.name not in _HIDDEN:
                keys = f"  ({key_labels(action)})" if action.keys else ""
                yield action.title + keys, action.help, partial(room.do, action.name)
        for member in room.company.others:
            name = show_line(member.name)
            follow, jump = partial(room.company.follow, member.member), room.company.jump
            yield f"Follow: {name}", "Look on with this member, until a key.", follow
            yield f"Go to: {name}", "Go to where this member is.", partial(jump, member.member)
        yield from room.hosting.commands()
        for language in room.languages:
            title = f"Language: {show_line(language.title)}"
            yield title, "Choose this language.", partial(room.choose_language, language)


def _plain(text: str) -> str:
    """The palette reads help as markup; ours has none in it."""
    return text.replace("[", "(").replace("]", ")")
