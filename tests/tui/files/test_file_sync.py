"""A file and the room's text are synced in both directions."""

import asyncio
import os
import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from codesync_client import Room
from codesync_client.files import merge_base
from codesync_protocol.links import Link
from codesync_protocol.messages import Role
from codesync_protocol.shared_text import SOURCE
from codesync_server.configuration.settings import Settings
from codesync_server.documents.document import Document
from codesync_tui.app import CodeSyncApp
from codesync_tui.dialogs.notices import Notices
from codesync_tui.files import watched_file
from codesync_tui.files.file_sync import FileSync
from tests.proxy import proxy_to
from tests.servers import RunningServer, running_server
from tests.tui.room.test_shared_text_binding import Screen, screen, script_in
from tests.tui.room_server import RoomServer
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
    app = CodeSyncApp(server.link("den", role), name="ana", file=file, syncs_file=True)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        on = Screen(app, pilot)
        await eventually(lambda: on.state.is_online)
        yield on


async def holds(file: Path, text: str) -> None:
    await eventually(lambda: file.exists() and file.read_text() == text)


async def common_text_is_saved(server: RunningServer, script: Room, file: Path, text: str) -> None:
    """Wait until the next sync of this file, by whatever process, merges with this text."""
    link, text_id = server.link("den", Role.EDITOR), script.welcome.text
    await eventually(lambda: merge_base.load_merge_base(link, file, text_id) == text)


async def test_h43_an_untouched_room_takes_the_file_and_both_stay_in_step(
    server: RunningServer, tmp_path: Path
) -> None:
    """It waits for states, not for words of the status line, which omits some when it is narrow."""
    file = tmp_path / "main.cpp"
    file.write_text("int main() { return 1; }\n")
    async with linked(server, file) as ana, screen(server, "ben") as ben:
        await ben.becomes("int main() { return 1; }\n")
        await eventually(lambda: ben.state.language == "C++")
        file.write_text("// mine\nint main() { return 1; }\n")
        await ben.becomes("// mine\nint main() { return 1; }\n")
        ben.editor.insert("// end\n", (2, 0))
        await holds(file, "// mine\nint main() { return 1; }\n// end\n")
        await ana.becomes(file.read_text())


async def test_a_file_that_is_not_there_gets_the_rooms_text(
    server: RunningServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watched_file, "WRITER_SECONDS_MAX", 0.0)
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
            await common_text_is_saved(server, script, file, "one\ntwo\nthree\n")
        file.write_text("ONE\ntwo\nthree\n")
        script.document.replace(SOURCE, "one\ntwo\nTHREE\n")
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
        await script.text_settled()
        async with linked(server, file) as ana:
            await eventually(
                lambda: any("changed the same lines" in each for each in ana.notices())
            )
            assert (file.read_text(), script.document.text()) == ("mine\n", "theirs\n")
            file.write_text("theirs\n")
            await common_text_is_saved(server, script, file, "theirs\n")
            script.document.replace(SOURCE, "theirs\nagreed\n")
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


async def test_another_text_in_the_room_leaves_the_file_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "main.py"
    file.write_text("work of an afternoon\n")
    async with RoomServer() as server:
        app = CodeSyncApp(server.link, name="ana", file=file, syncs_file=True)
        async with app.run_test(size=(80, 24), notifications=True) as pilot:
            on = Screen(app, pilot)
            await on.becomes("work of an afternoon\n")
            server.room.epoch = "second"
            server.document = Document()
            server.document.write(SOURCE, "a stranger's\n")
            server.cut()
            await on.becomes("a stranger's\n")
            await eventually(lambda: any("not in sync any more" in n for n in on.notices()))
            assert file.read_text() == "work of an afternoon\n"


# Look by look, so that what happens in between is for certain.


class Told(Notices):
    """What was told, and nobody sees."""

    def __init__(self) -> None:
        self.notices: list[str] = []

    def show(
        self, text: str, severity: str = "information", *, title: str = "", topic: str = ""
    ) -> None:
        assert severity == "warning", title
        self.notices.append(text)


@dataclass(frozen=True, slots=True)
class ByHand:
    """A file and a room that are brought together only when the test looks."""

    room: Room
    file: Path
    in_step: FileSync
    told: Told = field(default_factory=Told)

    async def look(self, times: int = 1) -> None:
        for _ in range(times):
            await self.in_step.sync_once()

    async def saves(self, text: str) -> None:
        """An editor saves the file, and it is the same at two looks."""
        self.file.write_text(text)
        await self.look(2)

    async def sees(self, text: str) -> None:
        await eventually(lambda: text in self.room.document.text())


@asynccontextmanager
async def by_hand(
    server: RunningServer, file: Path, *, link: Link | None = None, is_starter: bool = True
) -> AsyncGenerator[ByHand]:
    async with Room(link or server.link("den"), name="ana", shares_text=True) as room:
        await room.text_settled()
        told = Told()
        in_step = FileSync(room, file, told)
        await in_step.load_base(is_starter=is_starter)
        yield ByHand(room, file, in_step, told)


async def write(room: Room, text: str) -> None:
    room.document.replace(SOURCE, text)
    await room.text_settled()


@pytest.fixture
async def ben(server: RunningServer) -> AsyncGenerator[Room]:
    async with server.room("ben", room="den", shares_text=True) as ben:
        await ben.text_settled()
        yield ben


@pytest.fixture
async def ana(server: RunningServer, ben: Room, tmp_path: Path) -> AsyncGenerator[ByHand]:
    """Ana's file and the room have the same three lines."""
    async with by_hand(server, tmp_path / "main.py") as ana:
        await ana.saves("one\ntwo\nthree\n")
        await eventually(lambda: ben.document.text() == "one\ntwo\nthree\n")
        yield ana


async def test_what_others_write_while_the_file_is_written_stays(
    ana: ByHand, ben: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_disk, is_writing = threading.Event(), threading.Event()

    def slow(_: int) -> None:
        is_writing.set()
        on_disk.wait()

    await write(ben, "one\ntwo\nTHREE\n")
    await ana.sees("THREE")
    ana.file.write_text("ONE\ntwo\nthree\n")
    monkeypatch.setattr(os, "fsync", slow)
    looking = asyncio.ensure_future(ana.look(2))
    await eventually(is_writing.is_set)
    await eventually(lambda: ben.document.text() == "ONE\ntwo\nTHREE\n")
    await write(ben, "ONE\ntwo\nTHREE\nfour\n")
    await ana.sees("four")
    on_disk.set()
    await looking
    assert ana.room.document.text() == "ONE\ntwo\nTHREE\nfour\n"
    await ana.look()
    assert ana.file.read_text() == "ONE\ntwo\nTHREE\nfour\n"


async def test_what_an_editor_saves_while_the_file_is_written_is_merged(
    ana: ByHand, ben: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    def save_meanwhile(_: int) -> None:
        ana.file.write_text("ONE\ntwo\nthree\n")

    await write(ben, "one\ntwo\nTHREE\n")
    await ana.sees("THREE")
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", save_meanwhile)
        await ana.look()
    assert ana.file.read_text() == "ONE\ntwo\nthree\n"
    await ana.look(2)
    assert ana.file.read_text() == ana.room.document.text() == "ONE\ntwo\nTHREE\n"


async def test_a_program_that_empties_the_file_before_it_writes_is_waited_for(
    ana: ByHand, ben: Room
) -> None:
    with ana.file.open("w") as program:
        await ana.look(3)
        await write(ben, "one\ntwo\nTHREE\n")
        await ana.sees("THREE")
        await ana.look(3)
        program.write("zero\none\ntwo\nthree\n")
    await ana.look(2)
    assert ana.file.read_text() == ana.room.document.text() == "zero\none\ntwo\nTHREE\n"


async def test_half_a_file_does_not_go_into_the_room(ana: ByHand, ben: Room) -> None:
    with ana.file.open("w") as program:
        program.write("one\n")
        program.flush()
        await ana.look(3)
        assert ana.room.document.text() == "one\ntwo\nthree\n"
        await write(ben, "one\ntwo\nthree\nfour\n")
        await ana.sees("four")
        await ana.look(3)
        program.write("two\nthree\n")
    await ana.look(2)
    assert ana.file.read_text() == ana.room.document.text() == "one\ntwo\nthree\nfour\n"


async def test_what_is_written_in_the_starter_text_before_the_file_is_read_stays(
    server: RunningServer, ben: Room, tmp_path: Path
) -> None:
    async with by_hand(server, tmp_path / "main.py") as ana:
        await write(ben, "somebody's work\n")
        await ana.sees("somebody's")
        await ana.saves("a file\n")
        assert ana.room.document.text() == "somebody's work\n"
        assert ana.file.read_text() == "a file\n"
        assert "changed the same lines" in ana.told.notices[0]


async def test_what_keeps_them_apart_is_said_once(ana: ByHand, ben: Room) -> None:
    await write(ben, "one\ntwo\ntheirs\n")
    await ana.sees("theirs")
    await ana.saves("one\ntwo\nmine\n")
    assert ana.in_step.is_out_of_sync
    await write(ben, "one\ntwo\ntheirs again\n")
    await ana.sees("theirs again")
    await ana.look(2)
    assert len(ana.told.notices) == 1
    await ana.saves("one\ntwo\ntheirs again\n")
    assert not ana.in_step.is_out_of_sync


async def test_what_the_room_refuses_stays_in_the_file_and_that_is_the_end(
    ana: ByHand, ben: Room
) -> None:
    await write(ben, ben.document.text() + "ben's\n" * 100_000)
    await ana.sees("ben's")
    mine = "mine\n" * 100_000 + "one\ntwo\nthree\n"
    await ana.saves(mine)
    await eventually(lambda: ana.room.document.conflict)
    merged = ana.file.read_text()
    assert merged.startswith(mine)
    await write(ben, "little\n")
    await ana.sees("little")
    await ana.look(2)
    assert ana.file.read_text() == merged
    assert "not in sync any more" in ana.told.notices[-1]


async def test_what_both_have_in_common_is_noted_once_the_server_has_it(
    server: RunningServer, ben: Room, tmp_path: Path
) -> None:
    file = tmp_path / "main.py"

    def common() -> str | None:
        return merge_base.load_merge_base(link, file, ben.welcome.text)

    async with proxy_to(int(server.app.address.rpartition(":")[2])) as proxy:
        link = replace(server.link("den"), server=f"ws://127.0.0.1:{proxy.port}")
        async with by_hand(server, file, link=link) as ana:
            proxy.stall()
            await ana.saves("mine\n")
            assert ana.room.document.text() == "mine\n"
            assert common() is None, "else it would count as the room's text that was overwritten"
            proxy.flow()
            await ana.room.text_settled()
            await ana.look()
            assert common() == "mine\n"
