"""A file of this machine and the room's text go in step, both ways, whoever changes which."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from codesync_client import text_base
from codesync_protocol.messages import Role
from codesync_protocol.shared_text import SOURCE
from codesync_server.settings import Settings
from codesync_tui.app import CodeSyncApp
from tests.servers import RunningServer, running_server
from tests.tui.test_sharing import Screen, screen, script_in
from tests.waiting import eventually


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
async def server() -> AsyncGenerator[RunningServer]:
    async with running_server(Settings(port=0, executor="local", drain_seconds=1.0)) as server:
        yield server


@asynccontextmanager
async def linked(
    server: RunningServer, file: Path, *, role: Role = Role.EDITOR
) -> AsyncGenerator[Screen]:
    app = CodeSyncApp(server.link("den", role), name="ana", file=file, keeps_in_step=True)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        on = Screen(app, pilot)
        await eventually(lambda: "online" in on.status())
        yield on


async def holds(file: Path, text: str) -> None:
    await eventually(lambda: file.exists() and file.read_text() == text)


async def test_an_untouched_room_takes_the_file_and_both_stay_in_step(
    server: RunningServer, tmp_path: Path
) -> None:
    file = tmp_path / "main.cpp"
    file.write_text("int main() { return 1; }\n")
    async with linked(server, file) as ana, screen(server, "ben") as ben:
        await ben.becomes("int main() { return 1; }\n")
        await eventually(lambda: "C++" in ben.status())
        file.write_text("// mine\nint main() { return 1; }\n")
        await ben.becomes("// mine\nint main() { return 1; }\n")
        ben.editor.insert("// end\n", (2, 0))
        await holds(file, "// mine\nint main() { return 1; }\n// end\n")
        await ana.becomes(file.read_text())


async def test_a_file_that_is_not_there_gets_the_rooms_text(
    server: RunningServer, tmp_path: Path
) -> None:
    async with screen(server, "ben") as ben:
        await ben.has_text()
        await ben.writes("theirs\n")
        async with linked(server, tmp_path / "new.py"):
            await holds(tmp_path / "new.py", "theirs\n")
            (tmp_path / "new.py").unlink()
            await ben.pilot.press("x")
            await holds(tmp_path / "new.py", ben.editor.text)
            assert ben.editor.text.startswith("x"), "a file that goes does not empty the room"


async def test_what_both_changed_since_they_last_met_is_merged(
    server: RunningServer, tmp_path: Path
) -> None:
    file = tmp_path / "main.py"
    file.write_text("one\ntwo\nthree\n")
    async with script_in(server) as script:
        await script.text_settled()
        async with linked(server, file):
            await eventually(lambda: script.document.text() == "one\ntwo\nthree\n")
        file.write_text("ONE\ntwo\nthree\n")
        script.document.replace(SOURCE, "one\ntwo\nTHREE\n")
        script.wake()
        await script.text_settled()
        async with linked(server, file):
            await holds(file, "ONE\ntwo\nTHREE\n")
            await eventually(lambda: script.document.text() == "ONE\ntwo\nTHREE\n")


async def test_the_same_line_changed_twice_changes_neither(
    server: RunningServer, tmp_path: Path
) -> None:
    file = tmp_path / "main.py"
    file.write_text("one\n")
    async with script_in(server) as script:
        await script.text_settled()
        async with linked(server, file):
            await eventually(lambda: script.document.text() == "one\n")
        file.write_text("mine\n")
        script.document.replace(SOURCE, "theirs\n")
        script.wake()
        await script.text_settled()
        async with linked(server, file) as ana:
            await eventually(
                lambda: any("changed the same lines" in each for each in ana.notices())
            )
            assert (file.read_text(), script.document.text()) == ("mine\n", "theirs\n")
            file.write_text("theirs\n")
            link = server.link("den", Role.EDITOR)
            await eventually(lambda: text_base.recall(link, file) == "theirs\n")
            script.document.replace(SOURCE, "theirs\nagreed\n")
            script.wake()
            await holds(file, "theirs\nagreed\n")


async def test_strangers_are_not_merged(server: RunningServer, tmp_path: Path) -> None:
    file = tmp_path / "main.py"
    file.write_text("a stranger\n")
    async with screen(server, "ben") as ben:
        await ben.has_text()
        await ben.writes("somebody's work\n")
        async with linked(server, file) as ana:
            await eventually(lambda: any("nothing in common" in each for each in ana.notices()))
            assert file.read_text() == "a stranger\n"
            assert ben.editor.text == "somebody's work\n"


async def test_a_viewers_file_follows_the_room_and_changes_nothing(
    server: RunningServer, tmp_path: Path
) -> None:
    file = tmp_path / "main.py"
    async with screen(server, "ben") as ben:
        await ben.has_text()
        await ben.writes("one\n")
        async with linked(server, file, role=Role.VIEWER):
            await holds(file, "one\n")
            file.write_text("one\nmine\n")
            await ben.writes("one\n")
            await ben.pilot.press("0")
            await eventually(lambda: ben.editor.text == "0one\n")
            assert "mine" in file.read_text()
