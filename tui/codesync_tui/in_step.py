"""Keeps a file of this machine and the room's text in step, so that one's own editor and git work.

Both are merged by what they had in common last. Where both changed the same lines, nothing is done
until somebody changes them again; both stay as they are.
"""

import asyncio
import os
from pathlib import Path

from codesync_client import Room, text_base
from codesync_client.files import FileTrouble, SourceFile, read_source, write_source
from codesync_client.merge import merge
from codesync_protocol.messages import Role
from codesync_protocol.shared_text import SOURCE
from codesync_tui.notices import Notices

LOOK_SECONDS = 0.5

Stamp = tuple[int, int, int] | None
"""What changes with a file: its time, its size, its inode; None while there is none."""


class InStep:
    """One file and the room's text.

    Args:
        room: the room; its text is there.
        path: the file; it is made if it is not there.
        notices: shows notices.
    """

    def __init__(self, room: Room, path: Path, notices: Notices) -> None:
        self._room = room
        self._path = path
        self._notices = notices
        self._base: str | None = None
        self._stamp: Stamp = None
        self._file: SourceFile | None = None
        self._stuck: tuple[str, str] | None = None
        self._trouble = ""

    async def begin(self, *, is_starter: bool) -> None:
        """Bring both together for the first time.

        Args:
            is_starter: nobody has written anything in the room yet, so the file counts.
        """
        self._base = await asyncio.to_thread(text_base.recall, self._room.link, self._path)
        await self._read()
        theirs = self._room.document.text()
        if self._file is None or not self._file.text:
            self._base = ""
        elif is_starter or self._base is None:
            self._base = theirs if is_starter else None
        if self._base is None and self._file is not None and self._file.text != theirs:
            self._notices.show(
                f"{self._path.name} and the room's text have nothing in common: they are not kept"
                " in step. ctrl+o opens the file in its place, ctrl+s saves over the file.",
                "warning",
            )

    async def run(self, *, is_starter: bool) -> None:
        """Bring both together, then look again and again until cancelled. A worker's work.

        Args:
            is_starter: nobody has written anything in the room yet, so the file counts.
        """
        try:
            await self.begin(is_starter=is_starter)
        except FileTrouble as trouble:
            self._notices.show(f"{trouble}; the file is not kept in step", "error")
            return
        while True:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Do to each what was done to the other."""
        try:
            if await asyncio.to_thread(self._look_at_file) != self._stamp:
                await self._read()
            await self._merge()
            self._trouble = ""
        except FileTrouble as trouble:
            if str(trouble) != self._trouble:
                self._trouble = str(trouble)
                self._notices.show(f"{self._trouble}; not in step until that is mended", "warning")

    async def _merge(self) -> None:
        theirs = self._room.document.text()
        mine = self._file.text if self._file else ""
        if self._base is None:
            if mine != theirs:
                return
            self._base = theirs
        if mine == theirs == self._base or (mine, theirs) == self._stuck:
            return
        # An own file that is empty or gone takes the room's text; it never empties the room.
        merged = merge(self._base, mine, theirs) if mine else theirs
        if merged is None:
            self._stuck = (mine, theirs)
            self._notices.show(
                f"{self._path.name} and the room changed the same lines; both stay as they are.",
                "warning",
            )
            return
        if merged != theirs and self._room.role is Role.VIEWER:
            return
        if merged != mine and not await self._write(merged):
            return
        if merged != theirs:
            self._change_room(merged)
        self._base = merged
        await asyncio.to_thread(text_base.remember, self._room.link, self._path, merged)

    def _change_room(self, text: str) -> None:
        document = self._room.document
        document.end_undo_group()
        document.replace(SOURCE, text)
        document.end_undo_group()
        self._room.wake()

    async def _read(self) -> None:
        self._stamp = await asyncio.to_thread(self._look_at_file)
        if self._stamp is None:
            self._file = None
        else:
            self._file = await asyncio.to_thread(read_source, self._path)

    async def _write(self, text: str) -> bool:
        """Write the file, unless somebody else did meanwhile: that is merged the next time."""
        if await asyncio.to_thread(self._look_at_file) != self._stamp:
            return False
        file = SourceFile(self._path, text, self._file.newline if self._file else "\n")
        await asyncio.to_thread(write_source, file, overwrite=True)
        self._file = file
        self._stamp = await asyncio.to_thread(self._look_at_file)
        return True

    def _look_at_file(self) -> Stamp:
        try:
            status = os.stat(self._path)
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino
