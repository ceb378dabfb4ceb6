"""The start of the app, and its result."""

import pytest

from codesync_client import CannotConnect, EntryRefused
from codesync_protocol.errors import Code
from codesync_protocol.links import Link
from codesync_tui.app import ENTRY_FAILED, CodeSyncApp
from codesync_tui.panels.status import StatusLine
from codesync_tui.theme import DARK, SIXTEEN
from tests.tui.app_in_room import app_in_room
from tests.tui.room_server import RoomServer, refusal
from tests.waiting import eventually


async def test_without_a_server_it_ends_and_says_why() -> None:
    app = CodeSyncApp(Link("ws://127.0.0.1:9", "brave-otter-12", ""), name="ana")
    async with app.run_test():
        await eventually(lambda: app.return_value is not None)
    assert app.return_value == ENTRY_FAILED == 125
    assert isinstance(app.failure, CannotConnect)
    assert "codesync serve" in app.failure.remedy


async def test_when_it_is_not_let_in_it_ends_and_says_why() -> None:
    async with RoomServer() as server:
        server.room.refusal = refusal(Code.TOKEN)
        app = CodeSyncApp(server.link, name="ana")
        async with app.run_test():
            await eventually(lambda: app.return_value is not None)
    assert app.return_value == ENTRY_FAILED
    assert isinstance(app.failure, EntryRefused)
    assert app.failure.code is Code.TOKEN


async def test_the_room_is_left_politely() -> None:
    async with RoomServer() as server:
        app = CodeSyncApp(server.link, name="ana")
        async with app.run_test():
            await eventually(lambda: app.screen.query_one(StatusLine).status.is_online)
            app.exit(0)
        # The app is gone only when the connection is.
        await server.wait_for_members(0)
        assert server.close_codes == [1000]


async def test_a_room_that_is_closed_to_us_leaves_us_our_text() -> None:
    async with app_in_room() as on:
        await on.write("mine")
        on.server.room.refusal = refusal(Code.TOKEN)
        on.server.cut()
        await on.until(lambda: any("closed to us" in notice for notice in on.notices()))
        await on.until(lambda: on.state.connection == "closed")
        assert on.editor.text == "mine"


async def test_a_name_that_is_none_becomes_one() -> None:
    async with RoomServer() as server:
        app = CodeSyncApp(server.link, name="\x1b\u202e")
        async with app.run_test():
            await server.wait_for_members(1)
            assert server.names == ["guest"]


@pytest.mark.parametrize(
    ("environment", "theme"),
    [
        ({}, DARK.name),
        ({"COLORTERM": "", "TERM": "linux"}, SIXTEEN.name),
        ({"NO_COLOR": "1"}, SIXTEEN.name),
    ],
)
async def test_the_colours_are_those_that_the_terminal_has(
    environment: dict[str, str], theme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    async with app_in_room() as on:
        assert on.app.theme == theme
        await on.press("f5", "f1")


async def test_colours_can_be_changed() -> None:
    async with app_in_room() as on:
        await on.room.run_action("perform('theme')")
        assert on.app.theme == "codesync-light"
        assert on.editor.theme == "codesync-light"
        await on.room.run_action("perform('theme')")
        assert on.app.theme == "codesync-dark"
