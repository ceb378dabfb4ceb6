"""A host changes roles and removes members from the command palette."""

from collections.abc import AsyncGenerator

import pytest

from codesync_protocol.messages import Role
from codesync_server.configuration.settings import Settings
from tests.servers import RunningServer, running_server
from tests.tui.room.test_shared_text_binding import Screen, screen
from tests.waiting import eventually


@pytest.fixture
async def server() -> AsyncGenerator[RunningServer]:
    async with running_server(Settings(port=0, executor="local", drain_seconds=1.0)) as server:
        yield server


def offered(on: Screen) -> list[str]:
    return [each.title for each in on.room.controllers.member_administration.commands()]


def do(on: Screen, title: str) -> None:
    next(
        each for each in on.room.controllers.member_administration.commands() if each.title == title
    ).callback()


async def test_a_host_makes_a_viewer_who_then_only_looks_on(server: RunningServer) -> None:
    async with (
        screen(server, "ana", role=Role.HOST) as ana,
        screen(server, "ben") as ben,
    ):
        await ana.has_text()
        await ben.has_text()
        await eventually(lambda: offered(ana) == ["Make ben a viewer", "Remove ben"])
        assert offered(ben) == []
        do(ana, "Make ben a viewer")
        await eventually(lambda: ben.editor.read_only)
        await eventually(lambda: ben.state.role == "viewer")
        before = ana.editor.text
        await ben.pilot.press("x")
        assert ana.editor.text == before
        do(ana, "Make ben an editor")
        await eventually(lambda: not ben.editor.read_only)


async def test_a71_a_removed_member_is_told_why_and_does_not_come_back(
    server: RunningServer,
) -> None:
    async with (
        screen(server, "ana", role=Role.HOST) as ana,
        screen(server, "eve") as eve,
    ):
        await eventually(lambda: "Remove eve" in offered(ana))
        do(ana, "Remove eve")
        await eventually(lambda: not eve.state.is_online)
        await eventually(lambda: offered(ana) == [])
