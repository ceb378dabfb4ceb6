"""An answer in a dialog applies to the present text, not to that of its opening."""

import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from codesync_client import Room
from codesync_protocol.shared_text import SOURCE
from codesync_tui.app import CodeSyncApp
from codesync_tui.dialogs.conflict import ConflictScreen
from codesync_tui.recovery.journal import UnsentTexts
from tests.servers import RunningServer, running_server
from tests.tui.recovery.abandoned_entries import leave_note
from tests.tui.room.test_shared_text_binding import Screen
from tests.waiting import eventually

BASE = "one\ntwo\nthree\n"


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
async def server() -> AsyncGenerator[RunningServer]:
    async with running_server() as server:
        yield server


@pytest.fixture
async def ben(server: RunningServer) -> AsyncGenerator[Room]:
    async with server.room("ben", room="den", shares_text=True) as ben:
        await write(ben, BASE)
        yield ben


async def write(room: Room, text: str) -> None:
    await room.text_settled()
    room.document.replace(SOURCE, text)
    await room.text_settled()


@asynccontextmanager
async def asked(server: RunningServer, ben: Room, *texts: str) -> AsyncGenerator[Screen]:
    """Ana comes back, and earlier sessions of hers had written these instead of BASE."""
    link = server.link("den")
    for number, text in enumerate(texts):
        base = {SOURCE: BASE}
        leave_note(link, UnsentTexts(time.time() + number, {SOURCE: text}, base, ben.welcome.text))
    app = CodeSyncApp(link, name="ana")
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        ana = Screen(app, pilot)
        await dialog(ana)
        yield ana


async def dialog(ana: Screen) -> None:
    await eventually(lambda: isinstance(ana.app.screen, ConflictScreen))
    await ana.pilot.pause()


async def sees(ana: Screen, ben: Room, text: str) -> None:
    """Ben writes something while ana's dialog is open."""
    await write(ben, text)
    await ana.becomes(text)


async def test_merging_leaves_what_others_wrote_meanwhile(server: RunningServer, ben: Room) -> None:
    async with asked(server, ben, "ONE\ntwo\nthree\n") as ana:
        await sees(ana, ben, BASE + "ben's\n")
        await ana.pilot.press("g")
        await ana.becomes("ONE\ntwo\nthree\nben's\n")


async def test_taking_mine_replaces_what_was_shown_and_leaves_what_came_since(
    server: RunningServer, ben: Room
) -> None:
    await write(ben, "uno\ntwo\nthree\n")
    async with asked(server, ben, "ONE\ntwo\nthree\n") as ana:
        await sees(ana, ben, "uno\ntwo\nthree\nben's\n")
        await ana.pilot.press("m")
        await ana.becomes("ONE\ntwo\nthree\nben's\n")


@pytest.mark.parametrize("key", ["g", "m"])
async def test_what_no_longer_fits_is_asked_again(
    server: RunningServer, ben: Room, key: str
) -> None:
    async with asked(server, ben, "ONE\ntwo\nthree\n") as ana:
        before = ana.app.screen
        await sees(ana, ben, "uno\ntwo\nthree\n")
        await ana.pilot.press(key)
        await eventually(lambda: ana.app.screen not in (before, ana.room))
        assert ana.editor.text == "uno\ntwo\nthree\n"
        await eventually(lambda: any("just now" in each for each in ana.notices()))
        await ana.pilot.press("m")
        await ana.becomes("ONE\ntwo\nthree\n")


async def test_one_question_comes_after_the_other(server: RunningServer, ben: Room) -> None:
    async with asked(server, ben, "ONE\ntwo\nthree\n", "one\ntwo\nTHREE\n") as ana:
        first = ana.app.screen
        await ana.pilot.press("g")
        await eventually(lambda: ana.app.screen not in (first, ana.room))
        await ana.pilot.press("g")
        await ana.becomes("ONE\ntwo\nTHREE\n")


async def test_what_is_there_already_is_not_asked_about(
    server: RunningServer, ben: Room, state: Path
) -> None:
    await write(ben, "ONE\ntwo\nthree\nben's\n")
    async with asked(server, ben, "ONE\ntwo\nthree\n", "one\ntwo\nTHREE\n") as ana:
        await ana.pilot.press("d")
        await eventually(lambda: ana.app.screen is ana.room)
        await eventually(lambda: not list((state / "codesync" / "unsent").iterdir()))
        assert ana.editor.text == "ONE\ntwo\nthree\nben's\n"
