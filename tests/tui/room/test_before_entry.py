"""Before the room is entered, every action reports this, or does nothing."""

import socket
from collections.abc import Iterator

import pytest

from codesync_protocol.links import Link
from codesync_tui.app import CodeSyncApp
from codesync_tui.keymap import ACTIONS
from codesync_tui.room.screen import RoomScreen


@pytest.fixture
def silence() -> Iterator[Link]:
    """A server that takes connections, and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield Link(f"ws://127.0.0.1:{server.getsockname()[1]}", "brave-otter-12", "token")


@pytest.mark.parametrize("name", [each.name for each in ACTIONS if each.name != "leave"])
async def test_nothing_fails(silence: Link, name: str) -> None:
    app = CodeSyncApp(silence, name="ana")
    async with app.run_test() as pilot:
        screen = app.screen_stack[0]
        assert isinstance(screen, RoomScreen)
        await screen.run_action(f"perform('{name}')")
        await pilot.pause()
        assert app.is_running
