"""`codesync pull` and `push` after the text of the room was replaced."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from codesync_cli.commands import pull, push
from codesync_cli.exit_codes import ExitCode
from codesync_cli.target_room.shared_text import wait_until_synced
from codesync_client import Room
from codesync_client.files import merge_base
from codesync_protocol.shared_text import SOURCE
from codesync_server.configuration.settings import Settings
from tests.servers import RunningServer, running_server


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


async def pulled(server: RunningServer, file: Path) -> int:
    args = pull.parser().parse_args([str(file), f"--server={server.link('den')}"])
    return await asyncio.to_thread(pull.run, args)


async def pushed(server: RunningServer, file: Path, *more: str) -> int:
    args = push.parser().parse_args([str(file), f"--server={server.link('den')}", *more])
    return await asyncio.to_thread(push.run, args)


async def write(room: Room, text: str) -> None:
    await room.text_settled()
    room.document.replace(SOURCE, text)
    await room.text_settled()


async def test_another_text_in_a_room_of_the_same_name_overwrites_no_file(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file, other = tmp_path / "main.py", tmp_path / "other.py"
    file.write_text("long work\n")
    other.write_text("a stranger's\n")
    async with running_server() as server:
        assert await pushed(server, file) == ExitCode.OK
        port = int(server.app.address.rpartition(":")[2])
    async with running_server(replace(Settings(executor="local"), port=port)) as server:
        assert await pushed(server, other) == ExitCode.OK
        assert await pulled(server, file) == ExitCode.FAILED
        assert "never pulled or pushed since the room has the text" in capfd.readouterr().err
        assert await pushed(server, file) == ExitCode.FAILED
        assert (file.read_text(), other.read_text()) == ("long work\n", "a stranger's\n")


async def test_what_the_room_refuses_is_said_though_somebody_else_writes_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "main.py"
    base = "a line\n" * 90_000
    loop = asyncio.get_running_loop()
    async with running_server() as server, server.room("ben", room="den", shares_text=True) as ben:
        await write(ben, base)
        assert await pulled(server, file) == ExitCode.OK
        await write(ben, base + "ben's\n" * 60_000)
        file.write_text("mine\n" * 20_000 + base)

        async def settled_while_ben_writes(room: Room) -> None:
            writing = write(ben, ben.document.text() + "more\n")
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(writing, loop))
            await wait_until_synced(room)

        monkeypatch.setattr(push, "wait_until_synced", settled_while_ben_writes)
        assert await pushed(server, file) == ExitCode.FAILED
        assert "the room refused the changes" in capfd.readouterr().err
        common = merge_base.load_merge_base(server.link("den"), file, ben.welcome.text)
        assert common == base, "not what was never taken"
