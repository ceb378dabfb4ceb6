"""Asks what is to be done with texts of ours that the room does not have, one after the other."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from textual.screen import Screen

from codesync_client import Room
from codesync_client.files import FileTrouble, SourceFile, write_source
from codesync_client.merge import merge
from codesync_tui.journal import Note
from codesync_tui.messages import FileFailed
from codesync_tui.notices import Notices
from codesync_tui.screens.conflict import Choice, ConflictScreen
from codesync_tui.screens.path_prompt import PathPrompt
from codesync_tui.typed import app_of, begin


@dataclass(frozen=True, slots=True)
class Question:
    """A text of ours that the room does not have.

    Attributes:
        title: what happened.
        reason: why.
        note: where the text is kept until this is answered.
        name: which of the room's texts it is.
        mine: our text.
        base: what it came from; None when the room's text does not come from that.
    """

    title: str
    reason: str
    note: Note
    name: str
    mine: str
    base: str | None = None

    def merged(self, theirs: str) -> str | None:
        """Our change done to the room's text; None when it does not fit in."""
        return None if self.base is None else merge(self.base, self.mine, theirs)


class Asking:
    """Asks, and does what is answered.

    Args:
        screen: the room's screen, which owns the workers and gets their messages.
        room: the room.
        notices: shows notices.
        answered: called when the note of a question is of no use any more.
    """

    def __init__(
        self,
        screen: Screen[None],
        room: Room,
        notices: Notices,
        answered: Callable[[Question], None],
    ) -> None:
        self._screen = screen
        self._room = room
        self._notices = notices
        self._settle = answered
        self._waiting: deque[Question] = deque()
        self._put_in: list[Question] = []
        self._is_asking = False

    def ask(self, question: Question) -> None:
        """Ask this when what is asked already is answered."""
        self._waiting.append(question)
        if not self._is_asking:
            self._ask_next()

    def all_sent(self) -> None:
        """The server has all that we did: what was put into the room is safe there."""
        for question in self._put_in:
            self._settle(question)
        self._put_in.clear()

    def _ask_next(self) -> None:
        self._is_asking = False
        while self._waiting and not self._is_asking:
            question = self._waiting.popleft()
            theirs = self._room.document.text(question.name)
            merged = question.merged(theirs)
            if theirs in (question.mine, merged):
                self._settle(question)  # it is there already
            else:
                self._is_asking = True
                self._show(question, theirs, can_merge=merged is not None)

    def _show(self, question: Question, theirs: str, *, can_merge: bool) -> None:
        dialog = ConflictScreen(
            question.title, question.reason, question.mine, theirs, can_merge=can_merge
        )
        app_of(self._screen).push_screen(dialog, partial(self._answered, question, theirs))

    def _answered(self, question: Question, shown: str, choice: Choice | None) -> None:
        """Do what was answered.

        Args:
            question: what was asked.
            shown: the room's text as it was then; others may have written since.
            choice: the answer; None: ask again at the next entry.
        """
        now = self._room.document.text(question.name)
        match choice:
            case Choice.MERGE:
                self._put(question, question.merged(now))
            case Choice.MINE:
                self._put(question, merge(shown, question.mine, now))
            case Choice.SAVE:
                self._ask_where(question)
                return
            case Choice.THEIRS:
                self._notices.show("Dropped; the room's text stays.")
                self._settle(question)
            case None:
                pass
        self._ask_next()

    def _put(self, question: Question, text: str | None) -> None:
        """Make a text the room's; it is undone as one step."""
        if text is None:
            self._notices.show("Somebody changed the same lines just now: look again.", "warning")
            self._waiting.appendleft(question)
            return
        document = self._room.document
        document.end_undo_group()
        document.replace(question.name, text)
        document.end_undo_group()
        self._room.wake()
        self._put_in.append(question)

    def _ask_where(self, question: Question) -> None:
        def answered(path: str | None) -> None:
            if path:
                begin(self._screen, partial(self._save, question, Path(path)), "rescue")
            else:
                self._ask_next()

        app_of(self._screen).push_screen(PathPrompt("Save your text to", "mine.txt"), answered)

    async def _save(self, question: Question, path: Path) -> None:
        try:
            file = SourceFile(path, question.mine)
            await asyncio.to_thread(write_source, file, overwrite=False)
        except FileExistsError:
            self._save_failed(question, f"{path} is there already; choose another")
        except FileTrouble as trouble:
            self._save_failed(question, str(trouble))
        else:
            self._notices.show(f"Saved your text to {path}")
            self._settle(question)
            self._ask_next()

    def _save_failed(self, question: Question, why: str) -> None:
        self._screen.post_message(FileFailed(why))
        self._ask_where(question)
