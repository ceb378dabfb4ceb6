"""Keeps a file of this machine and the room's text in step, so that one's own editor and git work.

Both are merged by what they had in common last. Where both changed the same lines, nothing is done
until somebody changes them again; both stay as they are. When the room has another text all of a
sudden, or did not take what came from the file, it is over.
"""

import asyncio
from contextlib import suppress
from pathlib import Path

from codesync_client import Offline, Room, text_base
from codesync_client.files import FileTrouble
from codesync_client.merge import merge
from codesync_protocol.messages import Role
from codesync_protocol.shared_text import SOURCE
from codesync_tui.notices import Notices
from codesync_tui.own_file import OwnFile

LOOK_SECONDS = 0.5


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
        self._name = path.name
        self._notices = notices
        self._file = OwnFile(path)
        self._text_id = room.welcome.text
        self._conflict = room.document.conflict
        self._base: str | None = room.document.text()
        self._noted: str | None = None
        self._stuck: tuple[str, str] | None = None
        self._apart = ""

    @property
    def is_apart(self) -> bool:
        """Whether the file may have something that the room does not get; it was said why."""
        return bool(self._apart)

    async def run(self, *, is_starter: bool) -> None:
        """Look again and again until it is over. A worker's work.

        Args:
            is_starter: see `begin`.
        """
        await self.begin(is_starter=is_starter)
        while not self._is_over():
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def begin(self, *, is_starter: bool) -> None:
        """Find out what both have in common.

        Args:
            is_starter: nobody had written anything in the room when this was made, so the file
                counts.
        """
        if not is_starter:
            note = (self._room.link, self._path, self._text_id)
            self._base = await asyncio.to_thread(text_base.recall, *note)

    async def look(self) -> None:
        """Do to each what was done to the other."""
        try:
            if await asyncio.to_thread(self._file.look) and not self._is_over():
                await self._bring_together()
        except FileTrouble as trouble:
            self._stand_apart(f"{trouble}; not in step until that is mended")

    def _is_over(self) -> bool:
        """Tell whether what both had in common is not the room's any more, and say so."""
        if self._room.welcome.text != self._text_id:
            why = "the room has another text than before"
        elif (conflict := self._room.document.conflict) not in (None, self._conflict):
            why = conflict.reason
        else:
            return False
        self._stand_apart(f"{self._name} is not kept in step any more: {why}. It stays as it is.")
        return True

    async def _bring_together(self) -> None:
        mine, theirs = self._file.text, self._room.document.text()
        if (mine, theirs) == self._stuck:
            return
        merged = self._merged(mine, theirs)
        if merged is None:
            self._stuck = (mine, theirs)
            return
        # The room first, and at once: what others write while the file is written comes on top.
        if merged != theirs:
            self._change_room(merged)
        if mine:
            self._base = mine
        if merged != mine and await asyncio.to_thread(self._file.write, merged):
            self._base = merged
        self._apart = ""
        await self._note()

    def _merged(self, mine: str, theirs: str) -> str | None:
        """What both become; None when that is for people, who are told so."""
        if not mine:
            # An own file that is empty or gone takes the room's text; it never empties the room.
            return theirs
        if self._base is None and mine != theirs:
            self._stand_apart(
                f"{self._name} and the room's text have nothing in common: they are not kept"
                " in step. ctrl+o opens the file in its place, ctrl+s saves over the file."
            )
            return None
        merged = merge(self._base or "", mine, theirs)
        if merged is None:
            self._stand_apart(
                f"{self._name} and the room changed the same lines; both stay as they are."
            )
        elif merged != theirs and self._room.role is Role.VIEWER:
            self._stand_apart(f"A viewer's changes of {self._name} do not go into the room.")
            return None
        return merged

    def _stand_apart(self, why: str) -> None:
        if why != self._apart:
            self._apart = why
            self._notices.show(why, "warning")

    def _change_room(self, text: str) -> None:
        document = self._room.document
        document.end_undo_group()
        document.replace(SOURCE, text)
        document.end_undo_group()
        self._room.wake()

    async def _note(self) -> None:
        """Note down what both have in common, as soon as the server has it, too."""
        base = self._base
        if base is None or base == self._noted:
            return
        with suppress(TimeoutError, Offline):
            async with asyncio.timeout(LOOK_SECONDS):
                await self._room.text_settled()
        if self._room.document.unsent or self._is_over():
            return
        link, path = self._room.link, self._path
        await asyncio.to_thread(text_base.remember, link, path, self._text_id, base)
        self._noted = base
