"""Several members write in one text, and every screen shows it."""

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets._toast import Toast

from codesync_client import Room
from codesync_protocol.messages import Role
from codesync_protocol.shared_text import STDIN
from codesync_server.configuration.settings import Settings
from codesync_tui.app import CodeSyncApp
from codesync_tui.dialogs.path_prompt import PathPrompt
from codesync_tui.editor import CodeEditor
from codesync_tui.panels.status import Status, StatusLine
from codesync_tui.panels.stdin import StdinPane
from codesync_tui.room.screen import RoomScreen
from tests.servers import RunningServer, running_server
from tests.tui.app_in_room import PATIENT, entered
from tests.waiting import eventually


class Screen:
    """One member's screen, without a terminal."""

    def __init__(self, app: CodeSyncApp, pilot: Pilot[int]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def room(self) -> RoomScreen:
        screen = self.app.screen_stack[0]
        assert isinstance(screen, RoomScreen)
        return screen

    @property
    def editor(self) -> CodeEditor:
        return self.room.query_one(CodeEditor)

    @property
    def prepared(self) -> str:
        return self.room.query_one(StdinPane).prepared.text

    @property
    def state(self) -> Status:
        """What the status line has to say, whatever of it fits into the width."""
        return self.room.query_one(StatusLine).status

    def status(self) -> str:
        return self.room.query_one(StatusLine).render().plain

    def notices(self) -> list[str]:
        """What the notices on the screen say."""
        return [toast.render().plain for toast in self.app.screen.query(Toast)]

    async def becomes(self, text: str) -> None:
        """Wait until the editor shows a text."""
        await eventually(lambda: self.editor.text == text)

    async def has_text(self) -> None:
        """Wait until the room's text is there."""
        await eventually(lambda: not self.editor.read_only and self.editor.text)

    async def writes(self, text: str) -> None:
        """Replace everything by a text, and wait until the server has it."""
        self.editor.load_text(text)
        await self.pilot.pause()


@pytest.fixture
async def server() -> AsyncGenerator[RunningServer]:
    async with running_server(Settings(port=0, executor="local", drain_seconds=1.0)) as server:
        yield server


@asynccontextmanager
async def screen(
    server: RunningServer,
    name: str,
    *,
    role: Role = Role.EDITOR,
    columns: int = 80,
    file: Path | None = None,
) -> AsyncGenerator[Screen]:
    app = CodeSyncApp(server.link("den", role), name=name, options=PATIENT, file=file)
    async with app.run_test(size=(columns, 24), notifications=True) as pilot:
        on = Screen(app, pilot)
        await entered(app, lambda: on.state.is_online)
        yield on


def script_in(server: RunningServer) -> Room:
    """A member without a screen."""
    return server.room("script", room="den", shares_text=True)


async def test_what_one_types_the_other_sees(server: RunningServer) -> None:
    async with screen(server, "ana") as ana, screen(server, "ben") as ben:
        await ana.has_text()
        await ben.becomes(ana.editor.text)
        await ana.writes("")
        await ben.becomes("")
        await ana.pilot.press("h", "i", "enter")
        await ben.becomes("hi\n")
        await ben.pilot.press("ctrl+end", "!")
        await ana.becomes("hi\n!")


async def test_a_remote_edit_moves_neither_caret_nor_view(server: RunningServer) -> None:
    lines = "".join(f"line {number}\n" for number in range(200))
    async with screen(server, "ana") as ana, screen(server, "ben") as ben:
        await ana.has_text()
        await ana.writes(lines)
        await ben.becomes(lines)
        ben.editor.move_cursor((150, 4))
        await ben.pilot.pause()
        row = ben.editor.cursor_location[0] - round(ben.editor.scroll_y)
        ana.editor.insert("above\nabove\n", (0, 0))
        await ben.becomes("above\nabove\n" + lines)
        await ben.pilot.pause()
        assert ben.editor.cursor_location == (152, 4)
        assert ben.editor.cursor_location[0] - round(ben.editor.scroll_y) == row
        ana.editor.insert("X", (152, 4))
        await eventually(lambda: "Xe 150" in ben.editor.text or "lineX" in ben.editor.text)
        assert ben.editor.cursor_location == (152, 4), "what comes at my caret comes behind it"
        ana.editor.delete((151, 0), (153, 0))
        await eventually(lambda: "150" not in ben.editor.text)
        await ben.pilot.pause()
        assert ben.editor.cursor_location == (151, 0)


async def test_a63_undo_takes_back_ones_own_edits_only(server: RunningServer) -> None:
    async with screen(server, "ana") as ana, screen(server, "ben") as ben:
        await ana.has_text()
        await ana.writes("one\n")
        await ben.becomes("one\n")
        ben.editor.move_cursor((1, 0))
        await ben.pilot.press("t", "w", "o")
        await ana.becomes("one\ntwo")
        ana.editor.move_cursor((0, 0))
        await ana.pilot.press("0", "ctrl+z")
        await ben.becomes("one\ntwo")
        assert ana.editor.text == "one\ntwo"
        await ben.pilot.press("ctrl+z")
        await ana.becomes("one\n")
        await ben.pilot.press("ctrl+y")
        await ana.becomes("one\ntwo")


async def test_a_paste_is_one_step_whatever_is_in_it(server: RunningServer) -> None:
    nasty = "a\r\nb\x1b[31m\u2028👩‍💻\x00\u202e\x85é"
    async with screen(server, "ana") as ana, screen(server, "ben") as ben:
        await ana.has_text()
        await ana.writes("start")
        ana.editor.focus()
        await ana.pilot.press("ctrl+end")
        ana.app.post_message(events.Paste(nasty))
        await ben.becomes("start" + nasty.replace("\r\n", "\n"))
        assert ana.editor.text == ben.editor.text
        await ana.pilot.press("ctrl+z")
        await ben.becomes("start")


async def test_a70_line_ends_of_others_are_kept_and_shown_harmless(server: RunningServer) -> None:
    async with (
        screen(server, "ana") as ana,
        script_in(server) as script,
    ):
        await ana.has_text()
        await script.text_settled()
        script.document.replace("source", "a\r\nb\rc\n")
        await ana.becomes("a\r\nb\rc\n")
        ana.editor.move_cursor((1, 3))
        await ana.pilot.press("x")
        await eventually(lambda: script.document.text() == "a\r\nb\rcx\n")


async def test_the_prepared_input_is_shared_too(server: RunningServer) -> None:
    async with (
        screen(server, "ana") as ana,
        script_in(server) as script,
    ):
        await ana.has_text()
        await script.text_settled()
        await ana.pilot.press("f7", "4", "2", "enter")
        await eventually(lambda: script.document.text(STDIN) == "42\n")
        script.document.replace(STDIN, "43\n")
        await eventually(lambda: ana.prepared == "43\n")


async def test_the_language_is_shared_and_an_untouched_starter_changes_with_it(
    server: RunningServer,
) -> None:
    async with screen(server, "ana") as ana, screen(server, "ben") as ben:
        await ana.has_text()
        await ben.becomes(ana.editor.text)
        cpp = next(each for each in ana.room.languages if each.name == "cpp")
        ana.room.controllers.dialogs.choose_language(cpp)
        await ben.becomes(cpp.starter)
        await eventually(lambda: ben.state.language == "C++")
        assert ana.state.language == "C++"
        await ben.writes("int main() { return 1; }\n")
        await ana.becomes("int main() { return 1; }\n")
        python = next(each for each in ben.room.languages if each.name == "python")
        ben.room.controllers.dialogs.choose_language(python)
        await eventually(lambda: "Python" in ana.state.language)
        assert ana.editor.text == "int main() { return 1; }\n", "somebody's work stays"


async def test_a_viewer_sees_everything_and_writes_nothing(server: RunningServer) -> None:
    async with screen(server, "ana") as ana, screen(server, "eve", role=Role.VIEWER) as eve:
        await ana.has_text()
        await ana.writes("hello")
        await eve.becomes("hello")
        await eve.pilot.press("x", "ctrl+z", "ctrl+k")
        await ana.pilot.press("!")
        await eve.becomes(ana.editor.text)
        assert "x" not in ana.editor.text


async def test_a_latecomer_sees_the_text_as_it_is(server: RunningServer) -> None:
    async with screen(server, "ana") as ana:
        await ana.has_text()
        text = "".join(f"# {number} {'é' * 40}\n" for number in range(3000))
        await ana.writes(text)
        async with screen(server, "ben") as ben:
            await ben.becomes(text)


async def test_what_is_written_while_the_line_is_cut_is_merged_on_return(
    server: RunningServer,
) -> None:
    async with screen(server, "ana") as ana, screen(server, "ben") as ben:
        await ana.has_text()
        await ana.writes("middle\n")
        await ben.becomes("middle\n")
        room: Room = ben.room._room  # pyright: ignore[reportPrivateUsage]
        websocket = room._lifeline._websocket  # pyright: ignore[reportPrivateUsage]
        assert websocket is not None
        websocket.transport.abort()
        await eventually(lambda: not ben.state.is_online)
        assert re.search(r"offline since \d\d:\d\d:\d\d", ben.state.connection)
        ben.editor.insert("below\n", (1, 0))
        ana.editor.insert("above\n", (0, 0))
        for on in (ana, ben):
            await on.becomes("above\nmiddle\nbelow\n")
        await eventually(lambda: ben.state.is_online and ben.state.unsent == 0)


async def test_a_viewer_who_types_is_told_why_nothing_happens(server: RunningServer) -> None:
    async with screen(server, "ana") as ana, screen(server, "eve", role=Role.VIEWER) as eve:
        await ana.has_text()
        await eve.becomes(ana.editor.text)
        await eve.pilot.press("x", "y")
        await eventually(lambda: len(eve.notices()) == 1)
        assert "viewer" in eve.notices()[0]


async def test_keys_in_a_row_are_undone_together_and_a_moved_caret_ends_the_row(
    server: RunningServer,
) -> None:
    async with screen(server, "ana") as ana:
        await ana.has_text()
        await ana.writes("")
        await ana.pilot.press("a", "b", "left", "right", "c", "d", "enter", "e")
        for text in ("abcd\n", "abcd", "ab", ""):
            await ana.pilot.press("ctrl+z")
            assert ana.editor.text == text
        for text in ("ab", "abcd", "abcd\n", "abcd\ne"):
            await ana.pilot.press("ctrl+y")
            assert ana.editor.text == text


async def test_what_is_merged_on_return_does_not_move_the_caret(server: RunningServer) -> None:
    async with screen(server, "ana") as ana, screen(server, "ben") as ben:
        await ana.has_text()
        await ana.writes("one\ntwo\nthree\n")
        await ben.becomes("one\ntwo\nthree\n")
        ben.editor.move_cursor((1, 1))
        rooms = server.app._rooms  # pyright: ignore[reportPrivateUsage]
        room = rooms.get("den")
        assert room
        room.renew_document()
        ana.editor.insert("0\n", (0, 0))
        await ben.becomes("0\none\ntwo\nthree\n")
        assert ben.editor.cursor_location == (2, 1)


async def test_a_file_takes_the_place_of_somebodys_work_only_when_asked_twice(
    server: RunningServer, tmp_path: Path
) -> None:
    file = tmp_path / "mine.py"
    file.write_text("print('mine')\n")
    async with screen(server, "ana") as ana, screen(server, "ben") as ben:
        await ana.has_text()
        await ana.writes("theirs\n")
        await ben.becomes("theirs\n")
        await ben.pilot.press("ctrl+o")
        await eventually(lambda: any("Others are here" in each for each in ben.notices()))
        await ben.pilot.press("ctrl+o")
        await eventually(lambda: isinstance(ben.app.screen, PathPrompt))
        await ben.pilot.press(*str(file), "enter")
        await ana.becomes("print('mine')\n")
        ben.editor.undo()
        await ana.becomes("theirs\n")


async def test_a_file_at_the_start_is_opened_only_where_nobody_wrote(
    server: RunningServer, tmp_path: Path
) -> None:
    file = tmp_path / "mine.py"
    file.write_text("print('mine')\n")
    async with screen(server, "ana", file=file) as ana:
        await ana.becomes("print('mine')\n")
        async with screen(server, "ben", file=file) as ben:
            await ben.becomes("print('mine')\n")
            await eventually(lambda: any("has a text already" in each for each in ben.notices()))
