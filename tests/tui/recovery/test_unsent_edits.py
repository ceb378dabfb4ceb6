"""No typed text is lost: offline, after a crash, or when the room has another text."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from textual.widgets import Static

from codesync_protocol.links import Link
from codesync_protocol.shared_text import SOURCE, STDIN
from codesync_server.documents.document import Document
from codesync_tui.app import CodeSyncApp
from codesync_tui.dialogs.conflict import ConflictScreen
from codesync_tui.recovery.unsent_edits import UnsentEdits
from tests.proxy import Proxy, proxy_to
from tests.servers import running_server
from tests.tui.app_in_room import PATIENT, AppInRoom, app_in_room
from tests.tui.room.test_shared_text_binding import Screen
from tests.tui.room_server import PYTHON, RoomServer
from tests.waiting import eventually


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's state directory."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path


def notes(state: Path) -> list[Path]:
    return sorted((state / "codesync" / "unsent").glob("*"))


async def other_history(on: AppInRoom, text: str) -> None:
    """The room comes back with another text, as if its server had forgotten it."""
    on.server.room.epoch = "second"
    on.server.document = Document()
    on.server.document.write(SOURCE, text)
    on.server.cut()


async def asked(on: AppInRoom) -> None:
    await on.until(lambda: isinstance(on.app.screen, ConflictScreen))


async def gone(on: AppInRoom) -> None:
    """The server is away."""
    await on.until(lambda: on.room.controllers.unsent == 0)
    await on.server.close()
    await on.until(lambda: not on.state.is_online)


async def back(on: AppInRoom) -> None:
    """The server is there again, and has all."""
    await on.server.open()
    await on.until(lambda: on.state.is_online)
    await on.until(lambda: not on.room.controllers.unsent)


async def tick(on: AppInRoom | Screen) -> None:
    """A second passes."""
    on.room._tick()  # pyright: ignore[reportPrivateUsage]
    await settled(on)


async def settled(on: AppInRoom | Screen) -> None:
    """Wait until what is to be read and written is."""
    await on.pilot.pause()
    for worker in [each for each in on.app.workers if each.group == "rescue"]:
        await worker.wait()


def shown(on: AppInRoom) -> str:
    """What the dialog on the screen says."""
    return "\n".join(str(each.render()) for each in on.app.screen.query(Static))


async def test_what_is_not_sent_is_told(state: Path) -> None:
    async with app_in_room() as on:
        await on.until(lambda: not on.editor.read_only)
        await on.server.close()
        await on.until(lambda: not on.state.is_online)
        await on.press("x")
        await tick(on)
        assert "1 unsent" in on.status()
        await eventually(lambda: notes(state))
        assert notes(state)[0].stat().st_mode & 0o777 == 0o600
        await on.server.open()
        await on.until(lambda: on.state.is_online)
        await eventually(lambda: on.server.document.texts[SOURCE].startswith("x"))
        await tick(on)
        assert "unsent" not in on.status()
        await eventually(lambda: not notes(state))


async def test_f38_what_was_not_sent_when_the_terminal_died_is_offered_on_return(
    state: Path,
) -> None:
    server = RoomServer()
    async with app_in_room(server) as on:
        await on.until(lambda: not on.editor.read_only)
        await on.server.close()
        await on.until(lambda: not on.state.is_online)
        await on.press(*"mine", "enter")
    assert len(notes(state)) == 1, "the last words"
    server.document = Document()
    server.document.write(SOURCE, PYTHON.starter + "theirs\n")
    async with app_in_room(server) as on:
        await asked(on)
        await on.press("g")
        merged = f"mine\n{PYTHON.starter}theirs\n"
        await eventually(lambda: on.editor.text == merged)
        await eventually(lambda: server.document.texts[SOURCE] == merged)
        await eventually(lambda: not notes(state))


async def test_a_room_with_another_text_than_before_asks_what_to_do_with_ours(
    state: Path,
) -> None:
    async with app_in_room() as on:
        await on.until(lambda: not on.editor.read_only)
        await on.write("my work\n")
        await other_history(on, "starter\n")
        await asked(on)
        assert on.editor.text == "starter\n", "never merged by itself"
        assert len(notes(state)) == 1, "kept until it is decided"
        await on.press("m")
        await eventually(lambda: on.server.document.texts[SOURCE] == "my work\n")
        await eventually(lambda: not notes(state))


async def test_our_text_can_be_saved_to_a_file(tmp_path: Path) -> None:
    async with app_in_room() as on:
        await on.until(lambda: not on.editor.read_only)
        await on.write("my work\n")
        await other_history(on, "starter\n")
        await asked(on)
        await on.press("s")
        await on.pilot.pause()
        path = tmp_path / "mine.py"
        await on.press("ctrl+u", *str(path), "enter")
        await eventually(lambda: path.exists() and path.read_text() == "my work\n")
        assert on.editor.text == "starter\n"


async def test_escape_asks_again_at_the_next_entry(state: Path) -> None:
    server = RoomServer()
    async with app_in_room(server) as on:
        await on.until(lambda: not on.editor.read_only)
        await on.write("my work\n")
        await other_history(on, "starter\n")
        await asked(on)
        await on.press("escape")
    async with app_in_room(server) as on:
        await asked(on)
        await on.press("d")
        await eventually(lambda: not notes(state))
        assert on.editor.text == "starter\n"


async def test_a_room_that_comes_back_with_the_text_that_we_knew_asks_nothing() -> None:
    async with app_in_room() as on:
        await on.until(lambda: not on.editor.read_only)
        await other_history(on, on.editor.text)
        await on.press("y")
        await eventually(lambda: on.server.document.texts[SOURCE].startswith("y"))
        assert not isinstance(on.app.screen, ConflictScreen)


async def test_what_is_asked_about_is_kept_until_it_is_answered(state: Path) -> None:
    server = RoomServer()
    async with app_in_room(server) as on:
        await gone(on)
        await on.press(*"precious")
        await tick(on)
        server.room.epoch = "second"
        server.document = Document()
        server.document.write(SOURCE, "another\n")
        await on.server.open()
        await asked(on)
        for _ in range(3):
            await tick(on)
        assert "precious" in notes(state)[0].read_text()
        await on.press("escape")
        await tick(on)
        assert "precious" in notes(state)[0].read_text()
    async with app_in_room(server) as on:
        await asked(on)
        assert "g merges both" not in shown(on), "it comes from another text"


async def test_a_short_cut_later_forgets_only_its_own(state: Path) -> None:
    server = RoomServer()
    async with app_in_room(server) as on:
        await gone(on)
        await on.press(*"first")
    async with app_in_room(server) as on:
        await asked(on)
        await on.press("escape")
        await gone(on)
        await on.press("z")
        await tick(on)
        assert len(notes(state)) == 2
        await back(on)
        await tick(on)
        (note,) = notes(state)
        assert "first" in note.read_text()


async def test_input_that_was_not_sent_is_offered_too(state: Path) -> None:
    server = RoomServer()
    async with app_in_room(server) as on:
        await gone(on)
        on.stdin.prepared.load_text("my input")
        await on.pilot.pause()
    async with app_in_room(server) as on:
        await asked(on)
        assert "prepared input" in shown(on)
        await on.press("g")
        await eventually(lambda: server.document.texts[STDIN] == "my input")
        await on.until(lambda: not on.room.controllers.unsent)
        await tick(on)
        assert not notes(state)


async def test_each_text_that_is_not_the_rooms_is_asked_about(state: Path) -> None:
    async with app_in_room() as on:
        await on.until(lambda: not on.editor.read_only)
        await on.write("my work\n")
        on.stdin.prepared.load_text("my input")
        await on.until(lambda: not on.room.controllers.unsent)
        await other_history(on, "another\n")
        await asked(on)
        assert "Your text is not the room's any more" in shown(on)
        await on.press("d")
        await on.until(lambda: "Your input is not the room's any more" in shown(on))
        await tick(on)
        (note,) = notes(state)
        assert "my input" in note.read_text()
        assert "my work" not in note.read_text(), "that was answered"
        await on.press("m")
        await eventually(lambda: on.server.document.texts[STDIN] == "my input")
        assert on.server.document.texts[SOURCE] == "another\n"
        await on.until(lambda: not on.room.controllers.unsent)
        await tick(on)
        assert not notes(state)


async def test_a_text_that_is_put_into_the_room_is_kept_until_the_server_has_it(
    state: Path,
) -> None:
    server = RoomServer()
    async with app_in_room(server) as on:
        await gone(on)
        await on.press(*"first")
    async with app_in_room(server) as on:
        await asked(on)
        await gone(on)
        await on.press("g")
        await tick(on)
        assert "first" in notes(state)[0].read_text()
        await back(on)
        await tick(on)
        assert not notes(state)


async def test_a_text_that_could_not_be_saved_is_kept(state: Path) -> None:
    async with app_in_room() as on:
        await on.until(lambda: not on.editor.read_only)
        await on.write("my work\n")
        await other_history(on, "another\n")
        await asked(on)
        await on.press("s")
        await on.pilot.pause()
        await on.press("ctrl+u", *"/no/such/folder", "enter")
        await on.until(lambda: any("Cannot save" in each for each in on.notices()))
        await on.press("escape")
        await tick(on)
        assert "my work" in notes(state)[0].read_text()


@asynccontextmanager
async def entered(link: Link, name: str = "ana") -> AsyncGenerator[Screen]:
    app = CodeSyncApp(link, name=name, options=PATIENT)
    async with app.run_test(size=(80, 24)) as pilot:
        on = Screen(app, pilot)
        await on.has_text()
        yield on


@asynccontextmanager
async def on_a_line() -> AsyncGenerator[tuple[Proxy, Link]]:
    """A room at the other end of a line."""
    async with running_server() as server:
        async with proxy_to(int(server.app.address.rpartition(":")[2])) as proxy:
            link = replace(server.link("den"), server=f"ws://127.0.0.1:{proxy.port}")
            yield proxy, link


async def test_f29_what_is_not_sent_is_kept_before_the_cut_is_noticed(state: Path) -> None:
    async with on_a_line() as (proxy, link), entered(link) as on:
        proxy.lose()
        await on.pilot.press(*"mine")
        await tick(on)
        await tick(on)
        assert on.state.is_online
        assert "mine" in notes(state)[0].read_text()


async def test_what_arrives_within_a_second_is_not_written_down(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = UnsentEdits.update_journal

    def no_update(_: UnsentEdits) -> None:
        pass

    monkeypatch.setattr(UnsentEdits, "update_journal", no_update)  # no second passes by itself
    async with on_a_line() as (proxy, link), entered(link) as on:
        rescue = on.room.controllers.unsent_edits
        for key in "abc":
            proxy.stall()
            await on.pilot.press(key)
            second(rescue)
            assert on.room.controllers.unsent == 1
            proxy.flow()
            await eventually(lambda: not on.room.controllers.unsent)
        await settled(on)
        assert not notes(state)


async def test_what_a_session_has_not_sent_yet_is_offered_to_others_only_when_it_is_gone(
    state: Path,
) -> None:
    async with on_a_line() as (proxy, link):
        async with entered(link) as first:
            proxy.lose()
            await first.pilot.press(*"mine")
            await tick(first)
            await tick(first)
            assert len(notes(state)) == 1
            async with entered(link) as second:
                await settled(second)
                assert not isinstance(second.app.screen, ConflictScreen)
                await second.pilot.press("x")
                await eventually(lambda: not second.room.controllers.unsent)
            assert len(notes(state)) == 1
        async with entered(link) as third:
            await eventually(lambda: isinstance(third.app.screen, ConflictScreen))
