"""Asks what to do with texts that the room does not have, one after the other."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from textual.screen import Screen

from codesync_client import Room
from codesync_client.document.merge import merge
from codesync_client.files.source_file import FileError, SourceFile, write_source
from codesync_tui.dialogs.conflict import ConflictChoice, ConflictScreen
from codesync_tui.dialogs.notices import Notices
from codesync_tui.dialogs.path_prompt import PathPrompt
from codesync_tui.messages import FileFailed
from codesync_tui.recovery.journal import JournalEntry
from codesync_tui.terminal.textual_types import app_of, start_worker


@dataclass(frozen=True, slots=True)
class UnmergedText:
    """A text of ours that the room does not have.

    Attributes:
        title: what happened.
        reason: why it happened.
        entry: the journal entry that stores the text until it is resolved.
        name: the name of the shared text.
        mine: our text.
        base: the text that ours derives from; None if the room's text does not derive from it.
    """

    title: str
    reason: str
    entry: JournalEntry
    name: str
    mine: str
    base: str | None = None

    def merge_into(self, theirs: str) -> str | None:
        """Return the room's text with our change; None if it cannot be merged."""
        return None if self.base is None else merge(self.base, self.mine, theirs)


class ConflictPrompts:
    """Asks about unmerged texts and carries out the answers.

    Args:
        screen: the room's screen, which owns the workers and gets their messages.
        room: the room.
        notices: shows notices.
        on_resolved: called when a text is resolved, so that its entry is not needed any more.
    """

    def __init__(
        self,
        screen: Screen[None],
        room: Room,
        notices: Notices,
        on_resolved: Callable[[UnmergedText], None],
    ) -> None:
        self._screen = screen
        self._room = room
        self._notices = notices
        self._on_resolved = on_resolved
        self._waiting: deque[UnmergedText] = deque()
        self._applied: list[UnmergedText] = []
        self._is_asking = False

    def ask(self, unmerged: UnmergedText) -> None:
        """Ask about a text when the questions before it are answered."""
        self._waiting.append(unmerged)
        if not self._is_asking:
            self._ask_next()

    def edits_sent(self) -> None:
        """Resolve the texts that were applied, since the server has them now."""
        for unmerged in self._applied:
            self._on_resolved(unmerged)
        self._applied.clear()

    def _ask_next(self) -> None:
        self._is_asking = False
        while self._waiting and not self._is_asking:
            unmerged = self._waiting.popleft()
            theirs = self._room.document.text(unmerged.name)
            merged = unmerged.merge_into(theirs)
            if theirs in (unmerged.mine, merged):
                self._on_resolved(unmerged)  # the room has it already
            else:
                self._is_asking = True
                self._show(unmerged, theirs, can_merge=merged is not None)

    def _show(self, unmerged: UnmergedText, theirs: str, *, can_merge: bool) -> None:
        dialog = ConflictScreen(
            unmerged.title, unmerged.reason, unmerged.mine, theirs, can_merge=can_merge
        )
        app_of(self._screen).push_screen(dialog, partial(self._answered, unmerged, theirs))

    def _answered(self, unmerged: UnmergedText, shown: str, choice: ConflictChoice | None) -> None:
        """Carry out an answer.

        Args:
            unmerged: the text in question.
            shown: the room's text at the time of the question.
            choice: the answer; None to ask again at the next entry.
        """
        now = self._room.document.text(unmerged.name)
        match choice:
            case ConflictChoice.MERGE:
                self._apply(unmerged, unmerged.merge_into(now))
            case ConflictChoice.MINE:
                self._apply(unmerged, merge(shown, unmerged.mine, now))
            case ConflictChoice.SAVE:
                self._ask_path(unmerged)
                return
            case ConflictChoice.THEIRS:
                self._notices.show("Dropped; the room's text stays.")
                self._on_resolved(unmerged)
            case None:
                pass
        self._ask_next()

    def _apply(self, unmerged: UnmergedText, text: str | None) -> None:
        """Replace the room's text, as one undo step."""
        if text is None:
            self._notices.show("Somebody changed the same lines just now: look again.", "warning")
            self._waiting.appendleft(unmerged)
            return
        self._room.document.replace_in_own_step(unmerged.name, text)
        self._applied.append(unmerged)

    def _ask_path(self, unmerged: UnmergedText) -> None:
        def answered(path: str | None) -> None:
            if path:
                start_worker(self._screen, partial(self._save, unmerged, Path(path)), "recovery")
            else:
                self._ask_next()

        app_of(self._screen).push_screen(PathPrompt("Save your text to", "mine.txt"), answered)

    async def _save(self, unmerged: UnmergedText, path: Path) -> None:
        try:
            file = SourceFile(path, unmerged.mine)
            await asyncio.to_thread(write_source, file, overwrite=False)
        except FileExistsError:
            self._save_failed(unmerged, f"{path} is there already; choose another")
        except FileError as trouble:
            self._save_failed(unmerged, str(trouble))
        else:
            self._notices.show(f"Saved your text to {path}")
            self._on_resolved(unmerged)
            self._ask_next()

    def _save_failed(self, unmerged: UnmergedText, why: str) -> None:
        self._screen.post_message(FileFailed(why))
        self._ask_path(unmerged)
