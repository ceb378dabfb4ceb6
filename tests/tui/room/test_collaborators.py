"""Other members in the text: positions, activity, and jumping to them."""

from collections import defaultdict
from collections.abc import AsyncGenerator
from itertools import pairwise
from time import monotonic

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widgets import Static

from codesync_client.document.carets import CaretPlace
from codesync_client.document.shared_document import SharedDocument
from codesync_protocol.messages import Caret, Role
from codesync_tui.editor.remote_carets import (
    RemoteCaret,
    RowMark,
    RowMarks,
    paint_row_marks,
    plan_row_marks,
)
from codesync_tui.editor.source_document import SourceDocument
from codesync_tui.editor.wrapped_document import SourceWrappedDocument
from codesync_tui.panels import member_activity
from codesync_tui.panels.member_activity import IDLE_SECONDS, TYPING_SECONDS, ActivityTracker
from codesync_tui.room.shared_text_binding import CARET_SECONDS
from tests.programs import python, submit_and_wait
from tests.servers import RunningServer, running_server
from tests.tui.room.test_shared_text_binding import Screen, screen, script_in
from tests.waiting import eventually

ANA, BEN = 1, 2
LINES = "".join(f"line {number}\n" for number in range(200))
CARET, SELECTION = Style(bgcolor="red"), Style(underline=True)


@pytest.fixture
async def server() -> AsyncGenerator[RunningServer]:
    async with running_server() as server:
        yield server


def test_who_wrote_is_typing_and_who_does_nothing_is_idle() -> None:
    presence = ActivityTracker()
    presence.update_members({ANA, BEN}, 0.0)
    presence.text_written(ANA, 10.0)
    assert presence.state_of(ANA, 10.0 + TYPING_SECONDS - 0.1) == "typing"
    assert presence.state_of(ANA, 10.0 + TYPING_SECONDS) == ""
    assert presence.state_of(BEN, IDLE_SECONDS - 0.1) == ""
    assert presence.state_of(BEN, IDLE_SECONDS) == "idle"


def test_whose_caret_is_only_taken_along_did_nothing() -> None:
    presence = ActivityTracker()
    presence.update_members({ANA, BEN}, 0.0)
    presence.carets_moved({BEN: CaretPlace(3, 3)}, 0.0)
    presence.text_moved({BEN: CaretPlace(4, 4)})
    presence.carets_moved({BEN: CaretPlace(4, 4)}, IDLE_SECONDS)
    assert presence.state_of(BEN, IDLE_SECONDS) == "idle"
    presence.carets_moved({BEN: CaretPlace(5, 5)}, IDLE_SECONDS)
    assert presence.state_of(BEN, IDLE_SECONDS) == ""


def test_who_left_and_came_back_is_not_idle() -> None:
    presence = ActivityTracker()
    presence.update_members({BEN}, 0.0)
    presence.update_members(set(), IDLE_SECONDS)
    presence.update_members({BEN}, IDLE_SECONDS)
    assert presence.state_of(BEN, IDLE_SECONDS) == ""


def test_a_selection_is_marked_row_by_row_and_the_name_stands_behind_the_line() -> None:
    source = SourceDocument("é1\n22\n\n44\n")
    wrapped = SourceWrappedDocument(source)
    caret = RemoteCaret("ben", 2, 8, CARET, SELECTION)
    rows = plan_row_marks([caret], source, wrapped, 0, 4)
    assert rows[0].pieces == [RowMark(1, 3, SELECTION)]
    assert rows[1].pieces == [RowMark(0, 3, SELECTION)]
    assert rows[3].pieces == [RowMark(0, 0, SELECTION), RowMark(0, 1, CARET)]
    assert (rows[3].labels, rows[3].end) == ([("ben", CARET)], 2)
    assert plan_row_marks([caret], source, wrapped, 4, 5) == {}


@given(st.integers(0, 30), st.integers(0, 12), st.integers(0, 40), st.text("ab世", max_size=20))
def test_painting_never_changes_a_rows_width(at: int, scroll: int, end: int, text: str) -> None:
    strip = Strip([Segment("  1 "), Segment(text)]).adjust_cell_length(24)
    marks = RowMarks([RowMark(at, at + 3, SELECTION)], [("zoë 世", CARET), ("ben", CARET)], end)
    assert paint_row_marks(strip, marks, 4, scroll, at).cell_length == strip.cell_length


def test_our_own_caret_is_never_covered() -> None:
    strip = Strip([Segment("  1 "), Segment("abc" + " " * 17)])
    marks = RowMarks([RowMark(2, 3, CARET)], [("ben", CARET)], 3)
    assert "ben" in paint_row_marks(strip, marks, 4, 0, 2).text
    assert "ben" not in paint_row_marks(strip, marks, 4, 0, 6).text
    assert all(
        segment.style != CARET for segment in paint_row_marks(strip, marks, 4, 0, 2).crop(0, 8)
    )


def painted(on: Screen) -> str:
    """What the editor shows."""
    return "\n".join(on.editor.render_line(y).text for y in range(on.editor.size.height))


async def shows(on: Screen, line: str) -> None:
    """Wait until the editor shows something."""
    await eventually(lambda: line in painted(on))


async def test_names_stand_where_their_carets_are(server: RunningServer) -> None:
    async with screen(server, "ana") as ana, screen(server, "ben") as ben:
        await ana.has_text()
        await ana.writes(LINES)
        await ben.becomes(LINES)
        ben.editor.move_cursor((3, 2))
        await eventually(lambda: "line 3   ben" in painted(ana))
        ana.editor.insert("x\n", (0, 0))
        await eventually(lambda: "5  line 3   ben" in painted(ana))
        assert "ana" not in painted(ana)
        await eventually(lambda: "ana" in painted(ben))


async def test_whoever_came_before_and_after_programs_ran_sees_where_the_others_are(
    server: RunningServer,
) -> None:
    async with screen(server, "ana") as ana:
        await ana.has_text()
        await ana.writes(LINES)
        async with server.room("cid") as cid:
            await submit_and_wait(cid, python("print('between')"))
        async with screen(server, "ben", columns=160) as ben:
            await ben.becomes(LINES)
            ben.editor.move_cursor((3, 2))
            await eventually(lambda: ana.room.controllers.collaborators.others)
            row = ana.editor.cursor_location[0]
            await eventually(lambda: f"ana  line {row + 1}" in _members(ben))


async def test_a_viewers_selection_is_seen_too(server: RunningServer) -> None:
    async with screen(server, "ana") as ana, screen(server, "eve", role=Role.VIEWER) as eve:
        await ana.has_text()
        await ana.writes(LINES)
        await eve.becomes(LINES)
        eve.editor.move_cursor((1, 0))
        eve.editor.move_cursor((2, 4), select=True)
        await eventually(lambda: "line 2   eve" in painted(ana))


async def test_a_caret_that_never_rests_is_told_20_times_a_second_and_at_last(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = defaultdict[SharedDocument, list[float]](list)
    tell = SharedDocument.send_caret

    def counted(document: SharedDocument, *, again: bool = False) -> None:
        if not again:
            told[document].append(monotonic())
        tell(document, again=again)

    monkeypatch.setattr(SharedDocument, "send_caret", counted)
    async with screen(server, "ana") as ana, screen(server, "ben") as ben:
        await ana.has_text()
        await ana.writes(LINES)
        await ben.becomes(LINES)
        for row in range(150):
            ben.editor.move_cursor((row, 0))
            await ben.pilot.pause()
        ana.editor.move_cursor((160, 0))
        await eventually(lambda: "line 149   ben" in painted(ana))
    for times in told.values():
        assert all(after - before > 0.9 * CARET_SECONDS for before, after in pairwise(times))


async def test_following_ends_with_our_first_key_and_a_jump_takes_our_caret_along(
    server: RunningServer,
) -> None:
    async with screen(server, "ana") as ana, screen(server, "ben") as ben:
        await ana.has_text()
        await ana.writes(LINES)
        await ben.becomes(LINES)
        ben.editor.move_cursor((100, 0))
        await eventually(lambda: ana.room.controllers.collaborators.others)
        await ana.pilot.press("ctrl+l")
        await eventually(lambda: "line 100   ben" in painted(ana))
        assert ana.state.following == "ben"
        assert ana.editor.cursor_location == (0, 0)
        ben.editor.move_cursor((180, 0))
        await eventually(lambda: "line 180   ben" in painted(ana))
        await ana.pilot.press("x")
        await eventually(lambda: not ana.state.following)
        assert ana.editor.text.startswith("xline 0")
        await ana.pilot.press("ctrl+n")
        await eventually(lambda: ana.editor.cursor_location == (180, 0))
        await eventually(lambda: "line 180   ana" in painted(ben))


async def test_following_ends_when_the_member_leaves(server: RunningServer) -> None:
    async with screen(server, "ana") as ana:
        async with screen(server, "ben") as ben:
            await ben.becomes(ana.editor.text)
            await ben.pilot.press("right")
            await eventually(lambda: ana.room.controllers.collaborators.others)
            await ana.pilot.press("ctrl+l")
            assert ana.state.following == "ben"
        await eventually(lambda: not ana.state.following)


async def test_members_are_shown_with_their_line_and_what_they_do(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(member_activity, "TYPING_SECONDS", 60.0)  # a slow machine sees it late
    async with screen(server, "ana", columns=160) as ana, screen(server, "ben") as ben:
        await ana.has_text()
        await ana.writes(LINES)
        await ben.becomes(LINES)
        ben.editor.move_cursor((41, 0))
        await ben.pilot.press("x")
        await eventually(lambda: "ben  line 42  typing" in _members(ana))
        await eventually(lambda: "ana (you)  line 1  editor" in _members(ana))


def _members(on: Screen) -> str:
    return str(on.room.query_one("#members Static", Static).content)


def test_our_own_selection_is_seen_within_anothers() -> None:
    ours = Style(bgcolor="blue")
    strip = Strip([Segment("  1 "), Segment("ab"), Segment("cd", ours), Segment("ef   ")])
    painted = paint_row_marks(strip, RowMarks([RowMark(0, 6, SELECTION)], []), 4, 0, None, ours)
    assert [(text, style) for text, style, _ in painted][1:4] == [
        ("ab", SELECTION),
        ("cd", ours),
        ("ef", SELECTION),
    ]


async def test_a64_a_member_who_is_everywhere_and_nowhere_does_not_disturb_the_others(
    server: RunningServer,
) -> None:
    text, far = "é🙂\n世\nlast", (1 << 53) - 1
    async with screen(server, "ana") as ana, script_in(server) as eve:
        await ana.has_text()
        await ana.writes(text)
        await eventually(lambda: eve.document.text() == text)
        for anchor, head, line in ((0, far, "last   script"), (far, 3, "é🙂   script")):
            for at in range(200):
                eve.send_now(Caret(at % 2 * far, far - at, at % 14))
            eve.send_now(Caret(far, anchor, head))
            await shows(ana, line)
            await ana.pilot.press("ctrl+home", "x", "ctrl+z")
            assert ana.editor.text == text
        await ana.pilot.press("ctrl+n")
        await eventually(lambda: ana.editor.cursor_location == (0, 1))
