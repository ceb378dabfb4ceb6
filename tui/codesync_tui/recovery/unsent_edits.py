"""Saves edits that are not sent, and asks about them at the next entry."""

import asyncio
import time
from functools import partial

from textual.screen import Screen

from codesync_client import Room
from codesync_client.document.listener import Conflict
from codesync_protocol.shared_text import SOURCE, TEXTS
from codesync_tui.dialogs.notices import Notices
from codesync_tui.recovery.conflict_prompts import ConflictPrompts, UnmergedText
from codesync_tui.recovery.journal import Journal, JournalEntry, UnsentTexts
from codesync_tui.terminal.textual_types import start_worker


class UnsentEdits:
    """Saves edits that the server does not have, and asks about those of earlier sessions.

    Args:
        screen: the room's screen, which owns the workers and gets their messages.
        room: the room.
        notices: shows notices.
    """

    def __init__(self, screen: Screen[None], room: Room, notices: Notices) -> None:
        self._screen = screen
        self._room = room
        self._journal = Journal(room.link)
        self._prompts = ConflictPrompts(screen, room, notices, self._resolved)
        self._entry = self._journal.new_entry()
        self._entries: list[JournalEntry] = [self._entry]
        self._oldest: int | None = None
        self._text_id: str | None = None

    # Saving unsent edits.

    def update_journal(self) -> None:
        """Save edits that are unsent for more than one call; forget them once they are sent.

        The state of the connection does not suffice: a cut is noticed late.
        """
        before, self._oldest = self._oldest, self._room.document.oldest_unsent
        if self._oldest is None:
            self._record(None)
            self._prompts.edits_sent()
        elif self._oldest == before or not self._room.connected:
            self._record(self._collect())

    def close(self) -> None:
        """Save what is not sent, before the app exits. Blocks until the file is written."""
        self._entry.unsent = self._collect()
        for entry in self._entries:
            entry.close()

    def _collect(self) -> UnsentTexts | None:
        document = self._room.document
        if self._text_id is None or not document.unsent:
            return None
        mine = {name: document.text(name) for name in TEXTS}
        base = document.base
        changed = {name: text for name, text in mine.items() if text != base[name]}
        if not changed:
            return None
        came_from = {name: base[name] for name in changed}
        return UnsentTexts(time.time(), changed, came_from, self._text_id)

    def _record(self, unsent: UnsentTexts | None) -> None:
        """Set the content of this session's entry, and save it if it has changed."""
        before = self._entry.unsent
        if (before and before.mine) != (unsent and unsent.mine):
            self._entry.unsent = unsent
            self._save(self._entry)

    def _save(self, entry: JournalEntry) -> None:
        start_worker(self._screen, partial(asyncio.to_thread, entry.save), "recovery")

    # Asking about texts that the room does not have.

    def text_loaded(self) -> None:
        """Ask about edits of earlier sessions when the room's text is first loaded."""
        is_first = self._text_id is None
        self._text_id = self._room.welcome.text
        if is_first:
            start_worker(self._screen, self._ask_about_abandoned, "recovery")

    async def _ask_about_abandoned(self) -> None:
        for entry, unsent in await asyncio.to_thread(
            self._journal.acquire_abandoned, self._text_id or ""
        ):
            self._entries.append(entry)
            when = time.strftime("%H:%M on %d %b", time.localtime(unsent.written_at))
            why = f"The room did not have it at {when}."
            is_this_text = unsent.text_id == self._text_id
            for name, mine in unsent.mine.items():
                what = "wrote something" if name == SOURCE else "prepared input"
                title = f"You {what} here that was never sent"
                base = unsent.base.get(name) if is_this_text else None
                self._prompts.ask(UnmergedText(title, why, entry, name, mine, base))

    def ask_about_conflict(self, conflict: Conflict) -> None:
        """Save texts that could not be merged, and ask what to do with them."""
        document = self._room.document
        mine = {name: text for name, text in conflict.mine.items() if text != document.text(name)}
        # Our entry may contain them already, as unsent edits: it keeps them.
        entry, self._entry = self._entry, self._journal.new_entry()
        self._entries.append(self._entry)
        entry.unsent = UnsentTexts(time.time(), mine, {}, self._room.welcome.text)
        self._save(entry)
        for name, text in mine.items():
            what = "Your text" if name == SOURCE else "Your input"
            title = f"{what} is not the room's any more"
            self._prompts.ask(UnmergedText(title, conflict.reason, entry, name, text))

    def _resolved(self, unmerged: UnmergedText) -> None:
        unmerged.entry.drop(unmerged.name)
        self._save(unmerged.entry)
