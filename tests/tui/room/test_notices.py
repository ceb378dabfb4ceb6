"""Notices: how others join, where a copy is, why the room is closed."""

import pytest
from textual.widgets import Static

from codesync_protocol.messages import Member
from codesync_protocol.shared_text import SOURCE
from codesync_server.documents.document import Document
from codesync_tui.dialogs.invite import InviteScreen
from tests.tui.app_in_room import AppInRoom, app_in_room
from tests.tui.room_server import RoomServer

JOIN_LINE = "codesync join ws://127.0.0.1:4000/brave-otter-12#TOKEN"
ANA, BEN = Member(1, "ana", "editor"), Member(2, "ben", "host", 1)


def members(*here: Member) -> RoomServer:
    """A room with these members; we are the first."""
    server = RoomServer()
    server.room.members = here
    return server


async def test_in_a_new_room_the_whole_line_for_others_is_shown() -> None:
    async with app_in_room(join_line=JOIN_LINE) as on:
        await on.until(lambda: any(JOIN_LINE in notice for notice in on.notices()))


async def test_over_a_text_that_one_comes_back_to_it_is_only_said_where_the_line_is() -> None:
    server = RoomServer()
    server.document = Document()
    server.document.write(SOURCE, "somebody's work\n")
    async with app_in_room(server, join_line=JOIN_LINE) as on:
        await on.until(lambda: "F9 shows the line that lets others join." in on.notices())
        assert len(on.notices()) == 1


async def test_the_first_copy_of_a_session_is_said_to_be_where_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    async with app_in_room() as on:
        await on.write("one two")
        await on.press("ctrl+g", "ctrl+c")
        await on.until(lambda: any("Copied the selection to" in each for each in on.notices()))
        on.app.clear_notifications()
        await on.write("three")
        await on.press("ctrl+g", "ctrl+c")
        await on.until(lambda: on.app.clipboard == "three")
        await on.pilot.pause()
        assert not any("Copied" in each for each in on.notices())


async def test_with_nothing_selected_ctrl_c_says_what_to_press() -> None:
    async with app_in_room() as on:
        await on.press("ctrl+c")
        await on.until(lambda: any("ctrl+q leaves" in each for each in on.notices()))


def invitation(on: AppInRoom) -> str:
    return " ".join(str(each.render()) for each in on.app.screen.query(Static))


@pytest.mark.parametrize(
    ("here", "told"),
    [
        ((ANA, BEN), "ben (F9 there) has the line"),
        ((ANA,), "Whoever opened this room has the line"),
    ],
)
async def test_who_has_no_line_for_others_is_told_where_it_is_to_be_had(
    here: tuple[Member, ...], told: str
) -> None:
    async with app_in_room(members(*here)) as on:
        await on.press("f9")
        await on.until(lambda: isinstance(on.app.screen, InviteScreen))
        assert told in invitation(on)


async def test_when_the_host_has_left_and_the_server_ends_the_room_is_said_to_be_closed() -> None:
    async with app_in_room(members(ANA, BEN)) as on:
        await on.server.notice("warning", "the server is shutting down")
        await on.until(lambda: "the server is shutting down" in on.notices())
        await on.server.members_are(ANA)
        await on.server.notice("warning", "the server is shutting down")
        await on.until(lambda: any("The host has left" in notice for notice in on.notices()))
