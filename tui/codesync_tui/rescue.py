"""Nothing that somebody typed is lost: unsent edits are kept, and conflicts are asked about."""

import asyncio
import time
from collections.abc import Coroutine
from pathlib import Path

from textual.screen import Screen

from codesync_client import Room
from codesync_client.files import FileTrouble, SourceFile, write_source
from codesync_client.merge import merge
from codesync_client.shared_document import Conflict
from codesync_protocol.shared_text import SOURCE, STDIN
from codesync_tui.journal import Journal, Unsent
from codesync_tui.messages import FileFailed
from codesync_tui.notices import Notices
from codesync_tui.screens.conflict import Choice, ConflictScreen
from codesync_tui.screens.path_prompt import PathPrompt
from codesync_tui.typed import app_of


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
        self._notices = notices
        self._journal = Journal(room.link)
        self._kept: Unsent | None = None
        self._has_asked = False

    # Unsent edits.

    def tick(self) -> None:
        """Once a second: keep what is not sent, forget it when it is."""
        unsent = self._unsent()
        if unsent is not None and (self._kept is None or self._kept.mine != unsent.mine):
            self._kept = unsent
            self._work(self._keep(unsent))
        elif self._kept is not None and not self._room.document.unsent:
            self._kept = None
            self._work(self._forget())

    def last_words(self) -> None:
        """We leave: keep what is not sent. It blocks for as long as writing a file takes."""
        if (unsent := self._unsent()) is not None:
            self._journal.keep(unsent)

    def _unsent(self) -> Unsent | None:
        document = self._room.document
        if not self._has_asked or not document.unsent or self._room.connected:
            return None
        mine = {name: document.text(name) for name in (SOURCE, STDIN)}
        return Unsent(time.time(), mine, document.base)

    async def _keep(self, unsent: Unsent) -> None:
        await asyncio.to_thread(self._journal.keep, unsent)

    async def _forget(self) -> None:
        await asyncio.to_thread(self._journal.forget)

    def loaded(self) -> None:
        """The room's text is there: the first time, ask about what was not sent the last time."""
        if not self._has_asked:
            self._has_asked = True
            self._work(self._look())

    async def _look(self) -> None:
        unsent = await asyncio.to_thread(self._journal.recall)
        if unsent is None:
            return
        theirs, mine = self._room.document.text(), unsent.mine.get(SOURCE, "")
        if mine == theirs:
            await self._forget()
            return
        merged = merge(unsent.base.get(SOURCE, ""), mine, theirs)
        when = time.strftime("%H:%M on %d %b", time.localtime(unsent.written_at))
        dialog = ConflictScreen(
            "You wrote something here that was never sent",
            f"The connection was gone when your session ended at {when}.",
            mine,
            theirs,
            can_merge=merged is not None,
        )

        def answered(choice: Choice | None) -> None:
            if choice is not None:
                self._kept = None
                self._work(self._forget())
                self._do(choice, mine, merged)

        app_of(self._screen).push_screen(dialog, answered)

    # Conflicts.

    def conflict(self, conflict: Conflict) -> None:
        """Ask what is to be done with texts that could not be merged; they are kept until then."""
        document = self._room.document
        name = SOURCE if conflict.mine[SOURCE] != document.text() else STDIN
        mine = conflict.mine[name]
        kept = Unsent(time.time(), dict(conflict.mine), document.base)
        self._work(self._keep(kept))
        what = "Your text" if name == SOURCE else "Your input"
        dialog = ConflictScreen(
            f"{what} is not the room's any more", conflict.reason, mine, document.text(name)
        )

        def answered(choice: Choice | None) -> None:
            if choice is not None:
                self._work(self._forget())
                self._do(choice, mine, None, name)

        app_of(self._screen).push_screen(dialog, answered)

    def _do(self, choice: Choice, mine: str, merged: str | None, name: str = SOURCE) -> None:
        match choice:
            case Choice.MERGE:
                self._replace(name, merged or "")
            case Choice.MINE:
                self._replace(name, mine)
            case Choice.SAVE:
                self._ask_where(mine)
            case Choice.THEIRS:
                self._notices.show("Dropped; the room's text stays.")

    def _replace(self, name: str, text: str) -> None:
        """Make a text another one; it is undone as one step."""
        document = self._room.document
        document.end_undo_group()
        document.replace(name, text)
        document.end_undo_group()
        self._room.wake()

    def _ask_where(self, text: str) -> None:
        def answered(path: str | None) -> None:
            if path:
                self._work(self._save(SourceFile(Path(path), text)))

        app_of(self._screen).push_screen(PathPrompt("Save your text to", "mine.txt"), answered)

    async def _save(self, file: SourceFile) -> None:
        try:
            await asyncio.to_thread(write_source, file, overwrite=False)
        except FileExistsError:
            self._screen.post_message(FileFailed(f"{file.path} is there already; choose another"))
            self._ask_where(file.text)
        except FileTrouble as trouble:
            self._screen.post_message(FileFailed(str(trouble)))
            self._ask_where(file.text)
        else:
            self._notices.show(f"Saved your text to {file.path}")

    def _work(self, work: Coroutine[None, None, None]) -> None:
        self._screen.run_worker(work, group="rescue")
