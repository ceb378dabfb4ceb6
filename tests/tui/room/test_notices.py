"""Notices: their number, how others join, where a copy is, why the room is closed."""

import pytest
from textual.widgets import Static
from textual.widgets._toast import Toast

from codesync_protocol.messages import Member
from codesync_protocol.shared_text import SOURCE
from codesync_server.documents.document import Document
from codesync_tui.dialogs.invite import InviteScreen
from codesync_tui.dialogs.notices import NOTICES_MAX, Notices
from tests.tui.app_in_room import AppInRoom, app_in_room
from tests.tui.room_server import RoomServer, job_id, job_summary

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


ZOE = Member(3, "zoe", "editor", 2)
OWN, FOREIGN = job_id(1), job_id(2)


async def test_take_overs_are_told_to_the_submitter_and_the_previous_typist_only() -> None:
    async with app_in_room(members(ANA, BEN, ZOE), columns=160, lines=48) as on:
        await on.server.submitted(job_summary(FOREIGN, member=2, name="ben", holder=2))
        await on.server.started(FOREIGN)
        await on.server.held(FOREIGN, 3, "zoe")
        await on.server.held(FOREIGN, 2, "ben")
        await on.server.notice("info", "two take-overs are over")
        await on.until(lambda: on.notices() == ["two take-overs are over"])
        await on.server.held(FOREIGN, 1, "ana")
        await on.server.held(FOREIGN, 3, "zoe")
        await on.until(lambda: "zoe types into main.py now" in on.notices())
        on.app.clear_notifications()
        await on.server.submitted(job_summary(OWN, member=1, name="ana", holder=1))
        await on.server.started(OWN)
        await on.server.held(OWN, 2, "ben")
        await on.until(lambda: on.notices() == ["ben types into main.py now"])
        await on.server.held(OWN, 3, "zoe")
        await on.until(lambda: on.notices() == ["zoe types into main.py now"])


async def test_whoever_returns_is_told_of_a_take_over_if_they_were_the_typist() -> None:
    server = members(ANA, BEN, ZOE)
    server.jobs[FOREIGN] = job_summary(FOREIGN, member=2, name="ben", holder=1)
    server.outputs[FOREIGN] = []
    await server.started(FOREIGN)
    async with app_in_room(server) as on:
        await server.held(FOREIGN, 3, "zoe")
        await on.until(lambda: on.notices() == ["zoe types into main.py now"])


async def test_what_others_do_never_fills_the_screen_with_notices() -> None:
    async with app_in_room(members(ANA, BEN, ZOE)) as on:
        await on.server.submitted(job_summary(OWN, member=1, name="ana", holder=1))
        await on.server.started(OWN)
        for number in range(30):
            await on.server.held(OWN, 2, f"ben {number}")
            await on.server.notice("info", f"ben made zoe a viewer, for the time {number}")
        await on.until(lambda: any("for the time 29" in each for each in on.notices()))
        assert on.notices() == [
            "ben 29 types into main.py now", "ben made zoe a viewer, for the time 29",
        ]  # fmt: skip


async def test_the_number_of_notices_is_bounded_and_errors_stay_longest() -> None:
    async with app_in_room() as on:
        notices = Notices(on.app)
        notices.show("first", "error")
        for number in range(10):
            notices.show(f"notice {number}")
        await on.until(lambda: "notice 9" in on.notices())
        assert on.notices() == ["first", *(f"notice {n}" for n in range(11 - NOTICES_MAX, 10))]


async def test_the_same_notice_is_shown_once() -> None:
    async with app_in_room() as on:
        await on.press("f8", "f8", "f8")
        await on.until(lambda: on.notices() == ["Nothing waits or runs."])


async def test_a_long_notice_leaves_the_rest_of_the_screen_visible() -> None:
    async with app_in_room() as on:
        await on.server.notice("warning", "a long story " * 150)
        await on.until(on.notices)
        assert on.app.screen.query_one(Toast).outer_size.height <= 6
