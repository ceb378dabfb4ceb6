"""What the screens look like. Look at the report, then: pytest tests/tui --snapshot-update."""

import asyncio
from collections.abc import Callable

import pytest
from textual.pilot import Pilot

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
    """

    def __init__(
        self, *keys: str, cast: Callable[[Room], None] = scene.cast, theme: str = ""
    ) -> None:
        self.server = in_a_thread(lambda server: cast(server.room))
        self.app = CodeSyncApp(self.server.link, name="ana", join_line=JOIN_LINE)
        self.keys = keys
        self.theme = theme

    async def prepare(self, pilot: Pilot[int]) -> None:
        """Play the scene, then press the keys."""
        on = Stage(self.server, self.app, pilot)
        await eventually(lambda: "online" in on.status())
        play = asyncio.run_coroutine_threadsafe(scene.play(self.server), self.server.loop)
        await asyncio.wrap_future(play)
        on.room.desk.program.kept = scene.SOURCE
        on.editor.load_text(scene.SOURCE)
        await eventually(lambda: on.editor.syntax_name == "python")
        await eventually(lambda: "Your guess (2):" in str(on.rows()[-1:]))
        await eventually(lambda: len(on.queued()) == 5)
        if self.theme:
            self.app.theme = self.theme
        self.app.clear_notifications()
        for key in self.keys:
            await pilot.press(key)
            await pilot.pause()
        if "ctrl+p" in self.keys:
            await eventually(lambda: self.app.screen is not on.room)
        room = self.app.screen_stack[0]
        assert isinstance(room, RoomScreen)
        room.query_one(QueuePane).refresh_rows()
        await eventually(lambda: not on.output.is_behind)
        await pilot.pause()


@pytest.fixture(autouse=True)
def _time_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "monotonic", lambda: 1000.0)


def same(snap_compare: Compare, scene: Scene, columns: int, lines: int) -> bool:
    """Tell whether the screen looks as it did."""
    return snap_compare(scene.app, terminal_size=(columns, lines), run_before=scene.prepare)


class TestNarrow:
    def test_editor(self, snap_compare: Compare) -> None:
        assert same(snap_compare, Scene(), 80, 24)

    def test_output(self, snap_compare: Compare) -> None:
        assert same(snap_compare, Scene("f4"), 80, 24)

    def test_people(self, snap_compare: Compare) -> None:
        assert same(snap_compare, Scene("f4", "f3", "f6"), 80, 24)

    def test_smallest(self, snap_compare: Compare) -> None:
        assert same(snap_compare, Scene("f4"), 40, 12)

    def test_too_small(self, snap_compare: Compare) -> None:
        assert same(snap_compare, Scene(), 39, 11)

    def test_sixteen_colours(self, snap_compare: Compare) -> None:
        assert same(snap_compare, Scene("f4", "f7", theme="codesync-sixteen"), 80, 24)


class TestWide:
    def test_room(self, snap_compare: Compare) -> None:
        assert same(snap_compare, Scene(), 160, 48)

    def test_light_and_unsandboxed(self, snap_compare: Compare) -> None:
        assert same(snap_compare, Scene(cast=scene.unsandboxed, theme="codesync-light"), 160, 48)


class TestDialogs:
    def test_help(self, snap_compare: Compare) -> None:
        assert same(snap_compare, Scene("f1"), 80, 24)

    def test_language(self, snap_compare: Compare) -> None:
        assert same(snap_compare, Scene("f2"), 80, 24)

    def test_invite(self, snap_compare: Compare) -> None:
        assert same(snap_compare, Scene("f9"), 80, 24)

    def test_save(self, snap_compare: Compare) -> None:
        assert same(snap_compare, Scene("ctrl+s"), 80, 24)
