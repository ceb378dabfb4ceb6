"""What the screens look like. Look at the report, then: pytest tests/tui --snapshot-update."""

import asyncio
from collections.abc import Callable

import pytest
from textual.pilot import Pilot

from codesync_protocol.messages import MemberCaret
from codesync_tui.app import CodeSyncApp
from codesync_tui.panels import queue
from codesync_tui.panels.queue import QueuePane
from codesync_tui.screens.room import RoomScreen
from tests.tui import scene
from tests.tui.room_server import Room
from tests.tui.stage import Stage
from tests.tui.terminal_app import in_a_thread
from tests.waiting import eventually

JOIN_LINE = "codesync join ws://127.0.0.1:4000/brave-otter-12#q7Rk2mXv9TzW4bHs"

Compare = Callable[..., bool]


class Scene:
    """An app in the room of `scene`, and what was pressed in it.

    Args:
        keys: what is pressed once everything is there.
        cast: who is there.
        theme: the app's theme.
        carets: where others are.
    """

    def __init__(
        self,
        *keys: str,
        cast: Callable[[Room], None] = scene.cast,
        theme: str = "",
        carets: tuple[tuple[int, int, int], ...] = (),
    ) -> None:
        self.carets = carets
        self.keys = keys
        self.cast = cast
        self.theme = theme

    def looks_the_same(self, snap_compare: Compare, columns: int, lines: int) -> bool:
        """Play the scene on a screen of this size, and compare what is to be seen."""
        with in_a_thread(lambda server: self.cast(server.room)) as server:
            app = CodeSyncApp(server.link, name="ana", join_line=JOIN_LINE)

            async def prepare(pilot: Pilot[int]) -> None:
                await self._play(Stage(server, app, pilot))

            return snap_compare(app, terminal_size=(columns, lines), run_before=prepare)

    async def _play(self, on: Stage) -> None:
        await eventually(lambda: "online, synced" in on.status())
        play = asyncio.run_coroutine_threadsafe(scene.play(on.server), on.server.loop)
        await asyncio.wrap_future(play)
        on.room.desk.program.kept = scene.SOURCE
        on.editor.load_text(scene.SOURCE)
        await eventually(lambda: on.editor.syntax_name == "python")
        on.editor._look()  # pyright: ignore[reportPrivateUsage]  # not only after a moment
        await eventually(lambda: scene.SOURCE in on.server.document.texts.values())
        on.room.company.tick()
        await eventually(lambda: "Your guess (2):" in str(on.rows()[-1:]))
        await eventually(lambda: len(on.queued()) == 5)
        if self.theme:
            on.app.theme = self.theme
            on.room.company.theme_changed()
            on.room.company.tick()
        for member, anchor, head in self.carets:
            told = MemberCaret(member, on.server.seq, anchor, head)
            say = asyncio.run_coroutine_threadsafe(on.server.say(told), on.server.loop)
            await asyncio.wrap_future(say)
        await eventually(lambda: len(on.room.company.others) == len(self.carets))
        on.room.company.tick()
        on.app.clear_notifications()
        for key in self.keys:
            await on.pilot.press(key)
            await on.pilot.pause()
        if "ctrl+p" in self.keys:
            await eventually(lambda: on.app.screen is not on.room)
        room = on.app.screen_stack[0]
        assert isinstance(room, RoomScreen)
        room.query_one(QueuePane).refresh_rows()
        await eventually(lambda: not on.output.is_behind)
        await eventually(lambda: not room.unsent)
        room.show_unsent()
        await on.pilot.pause()


@pytest.fixture(autouse=True)
def _time_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "monotonic", lambda: 1000.0)


class TestNarrow:
    def test_editor(self, snap_compare: Compare) -> None:
        assert Scene().looks_the_same(snap_compare, 80, 24)

    def test_output(self, snap_compare: Compare) -> None:
        assert Scene("f4").looks_the_same(snap_compare, 80, 24)

    def test_people(self, snap_compare: Compare) -> None:
        assert Scene("f4", "f3", "f6").looks_the_same(snap_compare, 80, 24)

    def test_smallest(self, snap_compare: Compare) -> None:
        assert Scene("f4").looks_the_same(snap_compare, 40, 12)

    def test_too_small(self, snap_compare: Compare) -> None:
        assert Scene().looks_the_same(snap_compare, 39, 11)

    def test_sixteen_colours(self, snap_compare: Compare) -> None:
        assert Scene("f4", "f7", theme="codesync-sixteen").looks_the_same(snap_compare, 80, 24)


class TestWide:
    def test_room(self, snap_compare: Compare) -> None:
        assert Scene().looks_the_same(snap_compare, 160, 48)

    def test_light_and_unsandboxed(self, snap_compare: Compare) -> None:
        assert Scene(cast=scene.unsandboxed, theme="codesync-light").looks_the_same(
            snap_compare, 160, 48
        )


class TestWriting:
    def test_find(self, snap_compare: Compare) -> None:
        assert Scene("ctrl+f", *"guess").looks_the_same(snap_compare, 80, 24)

    def test_find_on_a_small_screen(self, snap_compare: Compare) -> None:
        assert Scene("ctrl+f", *"guess").looks_the_same(snap_compare, 40, 12)

    def test_go_to_line(self, snap_compare: Compare) -> None:
        assert Scene("ctrl+backslash").looks_the_same(snap_compare, 80, 24)

    @pytest.mark.parametrize("size", [(40, 12), (80, 24), (160, 48)])
    @pytest.mark.parametrize("theme", ["codesync-dark", "codesync-sixteen"])
    def test_others(self, snap_compare: Compare, size: tuple[int, int], theme: str) -> None:
        others = Scene("ctrl+l", cast=scene.cast, theme=theme, carets=scene.CARETS)
        assert others.looks_the_same(snap_compare, *size)


class TestDialogs:
    def test_help(self, snap_compare: Compare) -> None:
        assert Scene("f1").looks_the_same(snap_compare, 80, 24)

    def test_language(self, snap_compare: Compare) -> None:
        assert Scene("f2").looks_the_same(snap_compare, 80, 24)

    def test_invite(self, snap_compare: Compare) -> None:
        assert Scene("f9").looks_the_same(snap_compare, 80, 24)

    def test_save(self, snap_compare: Compare) -> None:
        assert Scene("ctrl+s").looks_the_same(snap_compare, 80, 24)
