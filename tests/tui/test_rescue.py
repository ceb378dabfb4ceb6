"""Nothing that somebody typed is lost: offline, across a crash, or when the text is another."""

from pathlib import Path

import pytest

from codesync_protocol.links import Link
from codesync_protocol.shared_text import SOURCE
from codesync_server.documents.document import Document
from codesync_tui.journal import Journal, Unsent
from codesync_tui.screens.conflict import ConflictScreen
from tests.tui.room_server import PYTHON, RoomServer
from tests.tui.stage import Stage, stage
from tests.waiting import eventually


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's state directory."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path


def notes(state: Path) -> list[Path]:
    return sorted((state / "codesync" / "unsent").glob("*"))


async def other_history(on: Stage, text: str) -> None:
    """The room comes back with another text, as if its server had forgotten it."""
    on.server.room.epoch = "second"
    on.server.document = Document()
    on.server.document.write(SOURCE, text)
    on.server.cut()


async def asked(on: Stage) -> None:
    await on.until(lambda: isinstance(on.app.screen, ConflictScreen))


async def test_what_is_not_sent_is_told(state: Path) -> None:
    async with stage() as on:
        await on.until(lambda: not on.editor.read_only)
        await on.server.close()
        await on.until(lambda: "offline" in on.status())
        await on.press("x")
        on.room._tick()  # pyright: ignore[reportPrivateUsage]
        assert "1 unsent" in on.status()
        await eventually(lambda: notes(state))
        assert notes(state)[0].stat().st_mode & 0o777 == 0o600
        await on.server.open()
        await on.until(lambda: "online" in on.status())
        await eventually(lambda: on.server.document.texts[SOURCE].startswith("x"))
        await on.pilot.pause()
        on.room._tick()  # pyright: ignore[reportPrivateUsage]
        assert "unsent" not in on.status()
        await eventually(lambda: not notes(state))


async def test_f38_what_was_not_sent_when_the_terminal_died_is_offered_on_return(
    state: Path,
) -> None:
    server = RoomServer()
    async with stage(server) as on:
        await on.until(lambda: not on.editor.read_only)
        await on.server.close()
        await on.until(lambda: "offline" in on.status())
        await on.press(*"mine", "enter")
    assert len(notes(state)) == 1
    server.document = Document()
    server.document.write(SOURCE, PYTHON.starter + "theirs\n")
    async with stage(server) as on:
        await asked(on)
        await on.press("g")
        merged = f"mine\n{PYTHON.starter}theirs\n"
        await eventually(lambda: on.editor.text == merged)
        await eventually(lambda: server.document.texts[SOURCE] == merged)
        await eventually(lambda: not notes(state))


async def test_a_room_with_another_text_than_before_asks_what_to_do_with_ours(
    state: Path,
) -> None:
    async with stage() as on:
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
    async with stage() as on:
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
    async with stage(server) as on:
        await on.until(lambda: not on.editor.read_only)
        await on.write("my work\n")
        await other_history(on, "starter\n")
        await asked(on)
        await on.press("escape")
    async with stage(server) as on:
        await asked(on)
        await on.press("d")
        await eventually(lambda: not notes(state))
        assert on.editor.text == "starter\n"


async def test_a_room_that_comes_back_with_the_text_that_we_knew_asks_nothing() -> None:
    async with stage() as on:
        await on.until(lambda: not on.editor.read_only)
        await other_history(on, on.editor.text)
        await on.press("y")
        await eventually(lambda: on.server.document.texts[SOURCE].startswith("y"))
        assert not isinstance(on.app.screen, ConflictScreen)


def test_a_note_that_is_broken_is_no_note(state: Path) -> None:
    journal = Journal(Link("ws://127.0.0.1:1", "den", ""))
    assert journal.recall() is None
    journal.keep(Unsent(1.0, {"source": "é\x1b🙂"}, {"source": ""}))
    assert journal.recall() == Unsent(1.0, {"source": "é\x1b🙂"}, {"source": ""})
    notes(state)[0].write_bytes(b"{")
    assert journal.recall() is None
    journal.forget()
    journal.forget()
