"""Past jobs can be found, compared with the present text, and run again."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from rich.cells import cell_len
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Static

from codesync_client import Room
from codesync_protocol.messages import Role
from codesync_protocol.shared_text import SOURCE
from codesync_tui.app import CodeSyncApp
from codesync_tui.dialogs.history import HistoryScreen
from codesync_tui.dialogs.past_job import PastJobScreen
from codesync_tui.editor import CodeEditor
from codesync_tui.room.history_filter import HistoryFilter, parse_filter
from codesync_tui.room.screen import RoomScreen
from tests.programs import python, submit_and_wait
from tests.server.making import all_languages
from tests.servers import RunningServer, running_server
from tests.waiting import eventually


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("", HistoryFilter()),
        ("two words", HistoryFilter("two words")),
        ("who:ana x", HistoryFilter("x", name="ana")),
        ("lang:C++", HistoryFilter(language="cpp")),
        ("lang:py is:ok", HistoryFilter(language="python", verdict="ok")),
        ("is:timeout", HistoryFilter(verdict="time_limit")),
        ("is:memory", HistoryFilter(verdict="memory_limit")),
        ("is:nonsense lang:cobol", HistoryFilter(language="cobol", verdict="nonsense")),
        ("a: :b http://x", HistoryFilter("a: :b http://x")),
    ],
)
def test_what_is_typed_says_which_jobs_are_looked_for(typed: str, found: HistoryFilter) -> None:
    assert parse_filter(typed, all_languages().infos()) == found


class Reader:
    """Somebody at the screen of a real room."""

    def __init__(self, app: CodeSyncApp, pilot: Pilot[int]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def rows(self) -> list[str]:
        """What the history shows."""
        lists = self.app.screen.query(OptionList)
        return [str(option.prompt) for each in lists for option in each.options]

    @property
    def text(self) -> str:
        """What the screen of one past job shows."""
        return "\n".join(str(each.render()) for each in self.app.screen.query(Static))

    @property
    def room(self) -> RoomScreen:
        """The room's screen."""
        screen = self.app.screen_stack[0]
        assert isinstance(screen, RoomScreen)
        return screen

    async def opens(self) -> None:
        """Open the history."""
        self.room.run_key_action("history")
        await eventually(lambda: isinstance(self.app.screen, HistoryScreen))


@asynccontextmanager
async def reader(server: RunningServer, role: Role = Role.EDITOR) -> AsyncGenerator[Reader, None]:
    app = CodeSyncApp(server.link("den", role), name="ana")
    async with app.run_test(size=(80, 24)) as pilot:
        await eventually(lambda: isinstance(app.screen, RoomScreen))
        on = Reader(app, pilot)
        await eventually(lambda: on.room.languages)
        yield on


@pytest.fixture
async def server() -> AsyncGenerator[RunningServer, None]:
    async with running_server() as server:
        yield server


@pytest.fixture
async def ben(server: RunningServer) -> AsyncGenerator[Room, None]:
    async with server.room("ben", room="den", shares_text=True) as room:
        await room.text_settled()
        yield room


async def test_past_jobs_are_found_as_one_types(server: RunningServer, ben: Room) -> None:
    for word in ("alpha", "beta", "gamma"):
        await submit_and_wait(ben, python(f"print('{word}')"))
    await submit_and_wait(ben, python("raise SystemExit(3)  # delta"))
    async with reader(server) as on:
        await on.opens()
        await eventually(lambda: len(on.rows) == 4)
        assert "runtime error" in on.rows[0], "the latest first"
        assert all("ben" in row and "main.py" in row for row in on.rows)
        await on.pilot.press(*"beta")
        await eventually(lambda: len(on.rows) == 1)
        on.app.screen.query_one(Input).value = "is:runtime"
        await eventually(lambda: len(on.rows) == 1 and "runtime error" in on.rows[0])
        on.app.screen.query_one(Input).value = "no such thing"
        await eventually(lambda: on.rows == ["Nothing like that was run here."])
        await on.pilot.press("escape")
        await eventually(lambda: on.app.screen is on.room)
        await on.opens()
        assert on.app.screen.query_one(Input).value == "no such thing"


@pytest.mark.slow
async def test_more_come_when_one_goes_down(server: RunningServer, ben: Room) -> None:
    for number in range(53):
        await submit_and_wait(ben, python(f"# {number}\nraise SystemExit({number % 2})"))
    async with reader(server) as on:
        await on.opens()
        await eventually(lambda: len(on.rows) == 50)
        for _ in range(5):
            await on.pilot.press("pagedown")
        await eventually(lambda: len(on.rows) == 53)


async def test_rows_fit_the_list_and_what_is_said_instead_of_them_stays(
    server: RunningServer, ben: Room
) -> None:
    async with reader(server) as on:
        await on.opens()
        await eventually(lambda: on.rows == ["Nothing was run here yet."])
        await on.pilot.resize_terminal(60, 20)
        await on.pilot.pause()
        assert on.rows == ["Nothing was run here yet."]
        await on.pilot.press("escape")
        await submit_and_wait(ben, python("print()"))
        await on.opens()
        shown = on.app.screen.query_one(OptionList)
        for size in (60, 20), (40, 12), (120, 40):
            await on.pilot.resize_terminal(*size)
            await eventually(
                lambda: 0 < cell_len(on.rows[0]) <= shown.scrollable_content_region.width
            )
            assert "ok" in on.rows[0]
        await eventually(lambda: "main.py" in on.rows[0] and " s " in on.rows[0])


async def test_a_job_that_ends_while_they_are_shown_comes_in_above(
    server: RunningServer, ben: Room
) -> None:
    async with reader(server) as on:
        await on.opens()
        await eventually(lambda: on.rows == ["Nothing was run here yet."])
        await submit_and_wait(ben, python("print('first')"))
        await eventually(lambda: len(on.rows) == 1 and "ben" in on.rows[0])
        await submit_and_wait(ben, python("raise SystemExit(3)"))
        await eventually(lambda: len(on.rows) == 2 and "runtime error" in on.rows[0])
        chosen = on.app.screen.query_one(OptionList)
        assert chosen.highlighted == 0
        await on.pilot.press("down")
        await submit_and_wait(ben, python("print('third')"))
        await eventually(lambda: len(on.rows) == 3)
        assert chosen.highlighted == 2, "what was chosen stays chosen"
        await on.pilot.press(*"is:runtime")
        await eventually(lambda: len(on.rows) == 1)
        await submit_and_wait(ben, python("print('fourth')"))
        await submit_and_wait(ben, python("raise SystemExit(4)"))
        await eventually(lambda: len(on.rows) == 2)


async def test_a_past_job_is_shown_beside_todays_text_and_can_be_run_again_or_taken(
    server: RunningServer, ben: Room
) -> None:
    await submit_and_wait(ben, python("print('then')"))
    ben.document.replace(SOURCE, "print('now')")
    await ben.text_settled()
    async with reader(server) as on:
        await eventually(lambda: on.room.query_one(CodeEditor).text == "print('now')")
        await on.opens()
        await eventually(lambda: len(on.rows) == 1)
        await on.pilot.press("enter")
        await eventually(lambda: isinstance(on.app.screen, PastJobScreen))
        assert "-print('now')" in on.text
        assert "+print('then')" in on.text
        assert on.text.count("then") >= 2, "its source, and what it wrote"
        await on.pilot.press("escape")
        await eventually(lambda: isinstance(on.app.screen, HistoryScreen))
        await eventually(lambda: len(on.rows) == 1)
        await on.pilot.press("ctrl+r")
        await eventually(lambda: [each.name for each in ben.jobs.values()] == ["ben", "ana"])
        await eventually(lambda: all(each.result for each in ben.jobs.values()))
        await on.opens()
        await eventually(lambda: len(on.rows) == 2)
        await on.pilot.press("down", "enter")
        await eventually(lambda: isinstance(on.app.screen, PastJobScreen))
        await on.pilot.press("u")
        await eventually(lambda: ben.document.text() == "print('then')")
        await eventually(lambda: on.app.screen is on.room)
        await on.pilot.press("ctrl+z")
        await eventually(lambda: ben.document.text() == "print('now')")


async def test_a_viewer_looks_and_runs_nothing(server: RunningServer, ben: Room) -> None:
    await submit_and_wait(ben, python("print('then')"))
    async with reader(server, Role.VIEWER) as on:
        await on.opens()
        await eventually(lambda: len(on.rows) == 1)
        await on.pilot.press("ctrl+r")
        await eventually(lambda: on.app.screen is on.room)
        await on.pilot.pause()
        assert len(ben.jobs) == 1
