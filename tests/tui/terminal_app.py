"""What is run on the pseudo-terminal: the real app in a hostile room, or single widgets.

Usage: python -m tests.tui.terminal_app room|widgets|unfiltered|idle|crash
"""

import asyncio
import fcntl
import sys
import tempfile
import termios
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from textual.app import App, ComposeResult
from textual.content import Content
from textual.filter import LineFilter
from textual.pilot import Pilot
from textual.widgets import Input, Label, OptionList, Static, TextArea

from codesync_protocol.errors import Code
from codesync_protocol.messages import (
    ExecutorInfo,
    Fault,
    JobState,
    LanguageInfo,
    Member,
    MemberCaret,
    Rejected,
    Stream,
    Submit,
)
from codesync_protocol.verdict import MemorySource, Result, Verdict
from codesync_tui.app import CodeSyncApp
from codesync_tui.line_filter import ControlFilter
from codesync_tui.panels.stdin import StdinPane
from tests.tui.hostile import MARKS, hostile
from tests.tui.room_server import PYTHON, RoomServer, job_id, job_summary
from tests.tui.stage import Stage
from tests.waiting import eventually


@contextmanager
def in_a_thread(serve: Callable[[RoomServer], object] | None = None) -> Generator[RoomServer]:
    """Hold a room open beside the app while the block lasts."""
    ready: Future[RoomServer] = Future()
    enough = asyncio.Event()

    async def main() -> None:
        async with RoomServer() as server:
            if serve is not None:
                serve(server)
            ready.set_result(server)
            await enough.wait()

    thread = threading.Thread(target=asyncio.run, args=(main(),), daemon=True)
    thread.start()
    server = ready.result(timeout=15)
    try:
        yield server
    finally:
        server.loop.call_soon_threadsafe(enough.set)
        thread.join(timeout=15)


def make_hostile(server: RoomServer) -> None:
    """Fill a room with hostile texts; messages bound their lengths."""
    server.room.members = (
        Member(1, hostile("member")[:200], hostile("role")),
        Member(2, hostile("submitter")[:200], "editor", 1),
    )
    server.room.executor = ExecutorInfo("\x1b[31mlocal", False, hostile("banner"))
    server.room.languages = (
        PYTHON,
        LanguageInfo(
            "evil", hostile("language")[:200], (hostile("extension"),), "main.py", "python", ""
        ),
    )
    server.room.rejection = Rejected(
        "", Code.QUEUE_FULL, hostile("rejection"), hostile("rejection")
    )


async def fill(server: RoomServer) -> None:
    """Let hostile programs run; called on the server's loop."""
    job = job_id(1)
    await server.submitted(
        job_summary(
            job, name=hostile("submitter")[:200], file_name=hostile("file_name"), language="evil"
        )
    )
    await server.started(job, JobState.COMPILING)
    for stream, name in (
        (Stream.COMPILER, "compiler"), (Stream.STDOUT, "stdout"), (Stream.STDERR, "stderr"),
    ):  # fmt: skip
        data = hostile(name).encode()
        await server.output(job, data + b"\n" + data[:30], stream)
        await server.output(job, data[30:] + b"\r\n\x1b]0;never ends" + b"\xff\xc2", stream)
    await server.typed(job, hostile("echo")[:200], hostile("echo").encode())
    result = Result(
        Verdict.SIGNALLED,
        hostile("explanation"),
        signal=hostile("signal"),
        memory_source=MemorySource.CGROUP_V1,
    )
    await server.finished(job, result, by=hostile("canceller")[:200])
    await server.submitted(job_summary(job_id(2), name="ana", file_name=hostile("file_name")))
    await server.started(job_id(2))
    await server.say(MemberCaret(2, 0, 0, 0))
    await server.notice("warning", hostile("notice"))
    await server.say(Fault(Code.BAD_FRAME, hostile("fault")))


async def painted(on: Stage) -> None:
    """Wait until all that there is to show was handed to the terminal."""
    await on.pilot.pause()
    await eventually(lambda: not on.output.is_behind)
    await on.pilot.pause()


async def tour(app: CodeSyncApp, server: RoomServer, pilot: Pilot[int]) -> None:
    """Show every pane and every dialog with hostile texts in it."""
    on = Stage(server, app, pilot)
    await eventually(lambda: "online" in on.status())
    loop = server.loop
    await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(fill(server), loop))
    await eventually(lambda: on.label() and any(MARKS["fault"] in n for n in on.notices()))
    on.editor.load_text(f"{hostile('editor')}\nx = 1\n")
    on.room.query_one(StdinPane).prepared.load_text(hostile("prepared"))
    await eventually(lambda: on.room.company.others)
    await painted(on)
    await pilot.press("ctrl+f")
    on.room.query_one("#find", Input).value = hostile("find")
    await painted(on)
    await pilot.press("escape", "f7")
    on.answer.value = hostile("answer")
    await painted(on)
    await pilot.press("f5")
    await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(server.wait_for(Submit), loop))
    await eventually(lambda: any(MARKS["rejection"] in notice for notice in on.notices()))
    for keys in (("f1", "end"), ("f2",), ("ctrl+p",), ("f9",)):
        await pilot.press(*keys)
        await eventually(lambda: app.screen is not on.room)
        if keys == ("ctrl+p",):
            await eventually(lambda: app.screen.query_one(OptionList).option_count)
        await painted(on)
        await pilot.press("escape")
    await pilot.press("ctrl+o", "ctrl+o")
    app.screen.query_one(Input).value = hostile("path")
    await painted(on)
    await pilot.press("escape")
    app.notify(hostile("notify"), title=hostile("title"), markup=False)
    await painted(on)
    on.room.desk.open(Path(tempfile.gettempdir()) / hostile("opened").replace("/", "|"))
    await eventually(lambda: any("Cannot open" in notice for notice in on.notices()))
    for _ in range(6):
        await pilot.press("f6")
    await pilot.press("f3", "f4", "f4")
    await painted(on)
    app.exit(0)


def crash() -> None:
    """A mistake of ours, with foreign text in its message."""
    raise RuntimeError(hostile("static"))


async def crash_soon(pilot: Pilot[object]) -> None:
    """Make the mistake once the screen is there."""
    await pilot.pause()
    pilot.app.call_later(crash)


class Widgets(App[int]):
    """Stock widgets with hostile texts, as a forgetful author may write them."""

    def __init__(self, *, filtered: bool) -> None:
        super().__init__()
        self._filtered = filtered

    def get_line_filters(self) -> Sequence[LineFilter]:
        """The gate, or not."""
        return [*super().get_line_filters(), *([ControlFilter()] if self._filtered else [])]

    def compose(self) -> ComposeResult:
        """One of each kind."""
        static = Static(Content(hostile("static")))
        static.border_title = Content(hostile("title"))
        static.styles.border = ("solid", "white")
        yield static
        yield Label(hostile("static"), markup=False)
        yield Input(hostile("input")[:60], select_on_focus=False)
        yield OptionList(hostile("option"), markup=False)
        yield TextArea(hostile("text_area"))

    async def on_mount(self) -> None:
        """Show them, and end."""
        self.notify(hostile("notify"), markup=False)
        self.set_timer(1.0, lambda: self.exit(0))


def main(mode: str) -> int | None:
    """Run one of the modes; see the module's docstring."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    if mode in ("widgets", "unfiltered"):
        return Widgets(filtered=mode == "widgets").run()
    with in_a_thread(make_hostile if mode == "room" else None) as server:
        app = CodeSyncApp(server.link, name=hostile("member"), join_line=hostile("join_line"))
        if mode == "idle":
            return app.run()
        if mode == "crash":
            app.run(auto_pilot=crash_soon)
            return app.return_code

        async def pilot(driver: Pilot[object]) -> None:
            await tour(app, server, cast("Pilot[int]", driver))

        return app.run(auto_pilot=pilot)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
