"""An app in a room for tests: real widgets, a real websocket, no terminal."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from textual.pilot import Pilot
from textual.widgets import Static
from textual.widgets._toast import Toast

from codesync_client import DialOptions
from codesync_tui.app import CodeSyncApp
from codesync_tui.editor import CodeEditor
from codesync_tui.panels.answer_line import AnswerLine
from codesync_tui.panels.output import OutputPane
from codesync_tui.panels.queue import QueuePane
from codesync_tui.panels.status import Status, StatusLine
from codesync_tui.panels.stdin import StdinPane
from codesync_tui.room.screen import RoomScreen
from codesync_tui.transcript import RowKind
from tests.tui.room_server import RoomServer
from tests.waiting import SECONDS, eventually


@dataclass(frozen=True, slots=True)
class AppInRoom:
    """An app in a room."""

    server: RoomServer
    app: CodeSyncApp
    pilot: Pilot[int]

    @property
    def room(self) -> RoomScreen:
        screen = self.app.screen_stack[0]
        assert isinstance(screen, RoomScreen)
        return screen

    @property
    def editor(self) -> CodeEditor:
        return self.room.query_one(CodeEditor)

    @property
    def output(self) -> OutputPane:
        return self.room.query_one(OutputPane)

    @property
    def queue(self) -> QueuePane:
        return self.room.query_one(QueuePane)

    @property
    def stdin(self) -> StdinPane:
        return self.room.query_one(StdinPane)

    @property
    def answer(self) -> AnswerLine:
        return self.room.query_one(AnswerLine)

    @property
    def state(self) -> Status:
        """What the status line has to say, whatever of it fits into the width."""
        return self.room.query_one(StatusLine).status

    def status(self) -> str:
        """What the status line says."""
        return self.room.query_one(StatusLine).render().plain

    def members(self) -> str:
        """What the members pane says."""
        return str(self.room.query_one("#members Static", Static).content)

    def queued(self) -> list[str]:
        """The rows of the queue pane."""
        return [str(option.prompt) for option in self.queue.options]

    def label(self) -> str:
        """What stands before the answer line; empty when it is not shown."""
        label = self.room.query_one("#answer-label", Static)
        return str(label.content).strip() if self.stdin.shows_answer_line else ""

    def rows(self) -> list[str]:
        """What the output pane holds, row by row."""
        transcript = self.output.transcript
        rows: list[str] = []
        for index in range(transcript.rows):
            row = transcript.row(index)
            if row.kind is RowKind.HEADING:
                heading = transcript.heading(row.job)
                rows.append(f"== {heading.name} {heading.title} {heading.language}")
            else:
                rows.append(row.line.text[row.start : row.end])
        return rows

    def row_before_last(self) -> str:
        """What the row above the last one of the output pane shows."""
        transcript = self.output.transcript
        return transcript.row(transcript.rows - 2).line.text if transcript.rows > 1 else ""

    def notices(self) -> list[str]:
        """What the notices on the screen say."""
        return [toast.render().plain for toast in self.app.screen.query(Toast)]

    async def until(self, is_so: Callable[[], object]) -> None:
        """Wait until something is so, and the screen shows it."""
        await eventually(is_so)
        await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        """Press keys, and wait until they are done."""
        await self.pilot.press(*keys)
        await eventually(lambda: not self.app.key_order.has_pending_keys)
        await self.pilot.pause()

    async def write(self, text: str) -> None:
        """Write a text into the editor, as somebody who typed it."""
        self.editor.focus()
        self.editor.select_all()
        self.editor.replace(text, *self.editor.selection)
        await self.pilot.pause()


PATIENT = DialOptions(open_timeout=SECONDS)
"""How the tests' apps connect: a busy machine may take its time."""


async def entered(app: CodeSyncApp, is_online: Callable[[], bool]) -> None:
    """Wait until the room is entered; an entry that failed is told at once."""
    await eventually(lambda: app.failure or is_online())
    assert app.failure is None, app.failure


@asynccontextmanager
async def app_in_room(
    server: RoomServer | None = None,
    *,
    columns: int = 80,
    lines: int = 24,
    join_line: str = "",
    file: Path | None = None,
    is_room_persistent: bool = False,
) -> AsyncGenerator[AppInRoom, None]:
    """Open a room, and an app that has entered it.

    Args:
        server: the room's server, not listening yet.
        columns: of the screen.
        lines: of the screen.
        join_line: what lets others join.
        file: a file to open at the start.
        is_room_persistent: the room's text is there when it is opened again.
    """
    async with server or RoomServer() as opened:
        app = CodeSyncApp(
            opened.link,
            name="ana",
            options=PATIENT,
            join_line=join_line,
            file=file,
            is_room_persistent=is_room_persistent,
        )
        async with app.run_test(size=(columns, lines), notifications=True) as pilot:
            staged = AppInRoom(opened, app, pilot)
            await entered(app, lambda: staged.state.is_online)
            await pilot.pause()
            yield staged
