"""Keeps a local file and the room's text in sync, so that other editors and git work.

A three-way merge uses the text that both had in common last. If both changed the same lines, file
and room stay as they are until one of them changes again. The sync ends if the room gets an
unrelated text, or refuses the changes of the file.
"""

import asyncio
from contextlib import suppress
from pathlib import Path

from codesync_client import Offline, Room
from codesync_client.document.merge import merge
from codesync_client.files import merge_base
from codesync_client.files.source_file import FileError
from codesync_protocol.messages import Role
from codesync_protocol.shared_text import SOURCE
from codesync_tui.dialogs.notices import Notices
from codesync_tui.files.watched_file import WatchedFile

POLL_SECONDS = 0.5


class FileSync:
    """Synchronizes one local file with the room's text.

    Args:
        room: the room; its text is loaded.
        path: the file; it is created if it does not exist.
        notices: shows notices.
    """

    def __init__(self, room: Room, path: Path, notices: Notices) -> None:
        self._room = room
        self._path = path
        self._name = path.name
        self._notices = notices
        self._file = WatchedFile(path)
        self._text_id = room.welcome.text
        self._conflict = room.document.conflict
        self._base: str | None = room.document.text()
        self._saved_base: str | None = None
        self._unmergeable: tuple[str, str] | None = None
        self._problem = ""

    @property
    def is_out_of_sync(self) -> bool:
        """Whether the file may contain changes that the room does not get. A notice said why."""
        return bool(self._problem)

    async def run(self, *, is_starter: bool) -> None:
        """Synchronize until the sync ends. Runs as a worker.

        Args:
            is_starter: see `load_base`.
        """
        await self.load_base(is_starter=is_starter)
        while not self._check_ended():
            await self.sync_once()
            await asyncio.sleep(POLL_SECONDS)

    async def load_base(self, *, is_starter: bool) -> None:
        """Load the text that file and room had in common last.

        Args:
            is_starter: the room had only a starter text when this was created, so the file
                replaces it.
        """
        if not is_starter:
            note = (self._room.link, self._path, self._text_id)
            self._base = await asyncio.to_thread(merge_base.load_merge_base, *note)

    async def sync_once(self) -> None:
        """Merge the changes of both sides into each other, if there are any."""
        try:
            if await asyncio.to_thread(self._file.poll) and not self._check_ended():
                await self._merge_both()
        except FileError as trouble:
            self._warn_out_of_sync(f"{trouble}; not in step until that is mended")

    def _check_ended(self) -> bool:
        """Return whether the sync must end, and show why: the room has an unrelated text."""
        if self._room.welcome.text != self._text_id:
            why = "the room has another text than before"
        elif (conflict := self._room.document.conflict) not in (None, self._conflict):
            why = conflict.reason
        else:
            return False
        self._warn_out_of_sync(f"{self._name} is not in sync any more: {why}. It stays as it is.")
        return True

    async def _merge_both(self) -> None:
        mine, theirs = self._file.text, self._room.document.text()
        if (mine, theirs) == self._unmergeable:
            return
        merged = self._merge(mine, theirs)
        if merged is None:
            self._unmergeable = (mine, theirs)
            return
        # The room first: edits of others while the file is written are merged next time.
        if merged != theirs:
            self._write_room(merged)
        if mine:
            self._base = mine
        if merged != mine and await asyncio.to_thread(self._file.write, merged):
            self._base = merged
        self._problem = ""
        await self._save_base()

    def _merge(self, mine: str, theirs: str) -> str | None:
        """Return the merged text; None, with a notice, if the user must resolve a conflict."""
        if not mine:
            # A file that is empty or missing gets the room's text; it never empties the room.
            return theirs
        if self._base is None and mine != theirs:
            self._warn_out_of_sync(
                f"{self._name} and the room's text have nothing in common, so they are not"
                " in sync. ctrl+o opens the file in its place, ctrl+s saves over the file."
            )
            return None
        merged = merge(self._base or "", mine, theirs)
        if merged is None:
            self._warn_out_of_sync(
                f"{self._name} and the room changed the same lines; both stay as they are."
            )
        elif merged != theirs and self._room.role is Role.VIEWER:
            self._warn_out_of_sync(f"A viewer's changes of {self._name} do not go into the room.")
            return None
        return merged

    def _warn_out_of_sync(self, why: str) -> None:
        if why != self._problem:
            self._problem = why
            self._notices.show(why, "warning")

    def _write_room(self, text: str) -> None:
        self._room.document.replace_in_own_step(SOURCE, text)

    async def _save_base(self) -> None:
        """Save the common text as soon as the server has it too."""
        base = self._base
        if base is None or base == self._saved_base:
            return
        with suppress(TimeoutError, Offline):
            async with asyncio.timeout(POLL_SECONDS):
                await self._room.text_settled()
        if self._room.document.unsent or self._check_ended():
            return
        link, path = self._room.link, self._path
        await asyncio.to_thread(merge_base.save_merge_base, link, path, self._text_id, base)
        self._saved_base = base
