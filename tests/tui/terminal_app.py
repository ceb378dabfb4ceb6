"""Programs for the pseudo-terminal: the real app in a hostile room, or single widgets.

Usage: python -m tests.tui.terminal_app room FILE|widgets|unfiltered|idle|crash

In a room it goes on the tour, and writes into the file what classes were on the screen.
"""

import asyncio
import fcntl
import os
import sys
import tempfile
import termios
import threading
import traceback
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

from codesync_tui.app import CodeSyncApp
from codesync_tui.terminal.control_filter import ControlFilter
from tests.tui.hostile_text import hostile
from tests.tui.hostile_tour import Tour, make_hostile
from tests.tui.room_server import RoomServer


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


def go_on_tour(seen: Path) -> int | None:
    """Show all that there is in a hostile room.

    Args:
        seen: the file that gets the names of all classes that were on the screen.
    """
    with tempfile.TemporaryDirectory() as state, in_a_thread() as server:
        os.environ["XDG_STATE_HOME"] = state
        make_hostile(server)
        app = CodeSyncApp(server.link, name=hostile("member"), join_line=hostile("join_line"))

        async def pilot(driver: Pilot[object]) -> None:
            tour = Tour(app, server, cast("Pilot[int]", driver))
            try:
                await tour.go()
            except Exception:
                trouble.append(traceback.format_exc())
                app.exit(1)
            classes.extend(sorted(tour.seen))

        classes: list[str] = []
        trouble: list[str] = []
        status = app.run(auto_pilot=pilot)
        seen.write_text("\n".join(classes))
        print(*trouble)
        return status


def main(mode: str, *arguments: str) -> int | None:
    """Run one of the modes; see the module's docstring."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    if mode in ("widgets", "unfiltered"):
        return Widgets(filtered=mode == "widgets").run()
    if mode == "room":
        return go_on_tour(Path(*arguments))
    with in_a_thread() as server:
        app = CodeSyncApp(server.link, name=hostile("member"), join_line=hostile("join_line"))
        if mode == "idle":
            return app.run()
        app.run(auto_pilot=crash_soon)
        return app.return_code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
