"""Nothing that somebody typed is lost: what is not sent is kept, conflicts are asked about."""

import asyncio
import time
from functools import partial

from textual.screen import Screen

from codesync_client import Room
from codesync_client.document_listener import Conflict
from codesync_protocol.shared_text import SOURCE, TEXTS
from codesync_tui.asking import Asking, Question
from codesync_tui.journal import Journal, Note, Unsent
from codesync_tui.notices import Notices
from codesync_tui.typed import begin


class Rescue:
    """Keeps what could be lost.

    Args:
        screen: the room's screen, which owns the workers and gets their messages.
        room: the room.
        notices: shows notices.
    """

    def __init__(self, screen: Screen[None], room: Room, notices: Notices) -> None:
        self._screen = screen
        self._room = room
        self._journal = Journal(room.link)
        self._asking = Asking(screen, room, notices, self._answered)
        self._note = self._journal.note()
        self._notes: list[Note] = [self._note]
        self._oldest: int | None = None
        self._text_id: str | None = None

    # Unsent edits.

    def tick(self) -> None:
        """Once a second: keep what is not sent for longer than that, forget it when it is.

        Whether the connection stands says little: that it is gone may show only after a while.
        """
        before, self._oldest = self._oldest, self._room.document.oldest_unsent
        if self._oldest is None:
            self._keep(None)
            self._asking.all_sent()
        elif self._oldest == before or not self._room.connected:
            self._keep(self._unsent())

    def last_words(self) -> None:
        """We leave: keep what is not sent. It blocks for as long as writing a file takes."""
        self._note.unsent = self._unsent()
        for note in self._notes:
            note.close()

    def _unsent(self) -> Unsent | None:
        document = self._room.document
        if self._text_id is None or not document.unsent:
            return None
        mine = {name: document.text(name) for name in TEXTS}
        base = document.base
        changed = {name: text for name, text in mine.items() if text != base[name]}
        if not changed:
            return None
        came_from = {name: base[name] for name in changed}
        return Unsent(time.time(), changed, came_from, self._text_id)

    def _keep(self, unsent: Unsent | None) -> None:
        """Have this in our note, and nothing else."""
        before = self._note.unsent
        if (before and before.mine) != (unsent and unsent.mine):
            self._note.unsent = unsent
            self._save(self._note)

    def _save(self, note: Note) -> None:
        begin(self._screen, partial(asyncio.to_thread, note.save), "rescue")

    # What is not in the room's text.

    def loaded(self) -> None:
        """The room's text is there: the first time, ask about what was not sent the last time."""
        is_first = self._text_id is None
        self._text_id = self._room.welcome.text
        if is_first:
            begin(self._screen, self._look, "rescue")

    async def _look(self) -> None:
        for note, unsent in await asyncio.to_thread(self._journal.left_behind, self._text_id or ""):
            self._notes.append(note)
            when = time.strftime("%H:%M on %d %b", time.localtime(unsent.written_at))
            why = f"The room did not have it at {when}."
            is_this_text = unsent.text_id == self._text_id
            for name, mine in unsent.mine.items():
                what = "wrote something" if name == SOURCE else "prepared input"
                title = f"You {what} here that was never sent"
                base = unsent.base.get(name) if is_this_text else None
                self._asking.ask(Question(title, why, note, name, mine, base))

    def conflict(self, conflict: Conflict) -> None:
        """Ask what is to be done with texts that could not be merged; they are kept until then."""
        document = self._room.document
        mine = {name: text for name, text in conflict.mine.items() if text != document.text(name)}
        # Our note may have them already, as what is not sent: it stays with them.
        note, self._note = self._note, self._journal.note()
        self._notes.append(self._note)
        note.unsent = Unsent(time.time(), mine, {}, self._room.welcome.text)
        self._save(note)
        for name, text in mine.items():
            what = "Your text" if name == SOURCE else "Your input"
            title = f"{what} is not the room's any more"
            self._asking.ask(Question(title, conflict.reason, note, name, text))

    def _answered(self, question: Question) -> None:
        question.note.drop(question.name)
        self._save(question.note)
