"""Snapshots of an app in the room of `scene`, compared with reviewed ones."""

import asyncio
from collections.abc import Awaitable, Callable

from textual.pilot import Pilot

from codesync_protocol.messages import MemberCaret, MemberCarets
from codesync_tui.app import CodeSyncApp
from codesync_tui.panels.queue import QueuePane
from codesync_tui.recovery.journal import UnsentTexts
from codesync_tui.room.screen import RoomScreen
from tests.tui import example_room
from tests.tui.app_in_room import AppInRoom
from tests.tui.recovery.abandoned_entries import leave_note
from tests.tui.room_server import Room
from tests.tui.terminal_app import in_a_thread
from tests.waiting import eventually

JOIN_LINE = "codesync join ws://127.0.0.1:4000/brave-otter-12#q7Rk2mXv9TzW4bHs"

Compare = Callable[..., bool]


class SnapshotCase:
    """An app in the room of `scene`, and what was pressed in it.

    Args:
        keys: what is pressed once everything is there.
        cast: who is there.
        theme: the app's theme.
        carets: where others are.
        unsent: what was not sent when we were here before.
        then: what happens after the keys, until it is to be seen.
    """

    def __init__(
        self,
        *keys: str,
        cast: Callable[[Room], None] = example_room.add_members,
        theme: str = "",
        carets: tuple[tuple[int, int, int], ...] = (),
        unsent: UnsentTexts | None = None,
        then: Callable[[AppInRoom], Awaitable[object]] | None = None,
    ) -> None:
        self.carets = carets
        self.unsent = unsent
        self.then = then
        self.keys = keys
        self.cast = cast
        self.theme = theme

    def looks_the_same(self, snap_compare: Compare, columns: int, lines: int) -> bool:
        """Play the scene on a screen of this size, and compare what is to be seen."""
        with in_a_thread(lambda server: self.cast(server.room)) as server:
            if self.unsent is not None:
                leave_note(server.link, self.unsent)
            app = CodeSyncApp(server.link, name="ana", join_line=JOIN_LINE)

            async def prepare(pilot: Pilot[int]) -> None:
                await self.play(AppInRoom(server, app, pilot))

            return snap_compare(app, terminal_size=(columns, lines), run_before=prepare)

    async def play(self, on: AppInRoom) -> None:
        """Let everything happen."""
        await eventually(lambda: on.state.is_online and on.state.unsent == 0)
        if self.unsent is not None:
            await eventually(lambda: on.app.screen is not on.room)
        play = asyncio.run_coroutine_threadsafe(
            example_room.run_programs(on.server), on.server.loop
        )
        await asyncio.wrap_future(play)
        on.room.controllers.editor.program.saved_text = example_room.SOURCE
        on.editor.load_text(example_room.SOURCE)
        await eventually(lambda: on.editor.syntax_name == "python")
        on.editor._reparse()  # pyright: ignore[reportPrivateUsage]  # not only after a moment
        await eventually(lambda: example_room.SOURCE in on.server.document.texts.values())
        on.room.controllers.collaborators.update_activity()
        await eventually(lambda: "Your guess (2):" in str(on.rows()[-1:]))
        await eventually(lambda: len(on.queued()) == 5)
        if self.theme:
            on.app.theme = self.theme
            on.room.controllers.collaborators.update_colours()
            on.room.controllers.collaborators.update_activity()
        for member, anchor, head in self.carets:
            told = MemberCarets((MemberCaret(member, on.server.seq, anchor, head),))
            say = asyncio.run_coroutine_threadsafe(on.server.say(told), on.server.loop)
            await asyncio.wrap_future(say)
        await eventually(lambda: len(on.room.controllers.collaborators.others) == len(self.carets))
        on.room.controllers.collaborators.update_activity()
        on.app.clear_notifications()
        for key in self.keys:
            await on.pilot.press(key)
            await on.pilot.pause()
        if self.then is not None:
            await self.then(on)
        room = on.app.screen_stack[0]
        assert isinstance(room, RoomScreen)
        room.query_one(QueuePane).refresh_rows()
        await eventually(lambda: not on.output.has_unpainted_output)
        await eventually(lambda: not room.controllers.unsent)
        room.controllers.show_unsent()
        await on.pilot.pause()
