"""The layout of the panes is legible on every size of the screen."""

import pytest

from codesync_protocol.messages import Member
from codesync_protocol.verdict import Result, Verdict
from tests.tui.app_in_room import AppInRoom, app_in_room
from tests.tui.room_server import OK, RoomServer, job_id, job_summary

NAMES = ("ana", "ben", "carl", "dora")
A, B = job_id(1), job_id(2)


def four() -> RoomServer:
    """A room with four members; we are the last to come."""
    server = RoomServer()
    server.room.members = tuple(
        Member(number, name, "editor", number) for number, name in enumerate(NAMES, 1)
    )
    server.room.me = 4
    return server


def shown(on: AppInRoom) -> set[str]:
    """The panes on the screen."""
    panes = ("editor", "output", "members", "queue")
    return {pane for pane in panes if on.room.query_one(f"#{pane}").is_on_screen}


@pytest.mark.parametrize(("columns", "lines"), [(40, 12), (60, 16), (69, 24)])
async def test_on_a_slim_screen_members_and_queue_are_shown_alone(columns: int, lines: int) -> None:
    async with app_in_room(four(), columns=columns, lines=lines) as on:
        await on.press("f4")
        await on.until(lambda: shown(on) == {"editor", "output"})
        await on.press("f3")
        await on.until(lambda: shown(on) == {"members", "queue"})
        assert on.queue.size.width >= columns - 1
        assert on.room.query_one("#members").size.height >= len(NAMES)
        await on.until(lambda: on.queue.has_focus)
        await on.press("f3")
        await on.until(lambda: shown(on) == {"editor", "output"})
        await on.until(lambda: on.editor.has_focus)


@pytest.mark.parametrize("key", ["f5", "f4", "f7", "ctrl+f"])
async def test_on_a_slim_screen_they_make_way_for_what_is_asked_for(key: str) -> None:
    async with app_in_room(columns=40, lines=12) as on:
        await on.press("f3")
        await on.until(lambda: shown(on) == {"members", "queue"})
        await on.press(key)
        await on.until(lambda: "editor" in shown(on))
        assert "members" not in shown(on)


async def test_on_a_slim_screen_f4_shows_the_output_that_they_covered_and_only_then_more() -> None:
    async with app_in_room(columns=40, lines=12) as on:
        await on.press("f3")
        await on.until(lambda: shown(on) == {"members", "queue"})
        await on.press("f4")
        await on.until(lambda: shown(on) == {"editor", "output"})
        await on.press("f3", "f4")
        await on.until(lambda: shown(on) == {"editor", "output"})
        await on.press("f4")
        await on.until(lambda: shown(on) == {"output"})


async def test_a_screen_that_becomes_slim_goes_on_showing_the_text() -> None:
    async with app_in_room() as on:
        await on.press("f3")
        await on.until(lambda: shown(on) == {"editor", "members", "queue"})
        await on.pilot.resize_terminal(60, 24)
        await on.until(lambda: shown(on) == {"editor"})
        await on.pilot.resize_terminal(80, 24)
        await on.until(lambda: shown(on) == {"editor", "members", "queue"})


async def test_at_80_columns_all_of_four_members_are_seen_beside_the_output() -> None:
    async with app_in_room(four()) as on:
        await on.press("f4", "f3")
        await on.until(lambda: shown(on) == {"editor", "output", "members", "queue"})
        members = on.room.query_one("#members")
        await on.until(lambda: members.size.height == len(NAMES))
        assert members.max_scroll_y == 0


@pytest.mark.parametrize(("columns", "lines"), [(120, 40), (150, 40), (160, 48)])
async def test_on_a_wide_screen_queue_rows_say_all_and_nothing_is_cut(
    columns: int, lines: int
) -> None:
    async with app_in_room(four(), columns=columns, lines=lines) as on:
        late = Result(Verdict.RUNTIME_ERROR, "", exit_code=1, wall_seconds=163.4)
        for job, file, result in ((A, "main.cpp", late), (B, "words.py", OK)):
            await on.server.submitted(job_summary(job, file_name=file))
            await on.server.started(job)
            await on.server.finished(job, result)
        await on.until(lambda: len(on.queued()) == 2 and "ok" in on.queued()[0])
        assert on.queued()[0].split() == ["✓", "ben", "words.py", "ok", "0.05", "s"]
        assert on.queued()[1].split() == ["✗", "ben", "main.cpp", "runtime", "error", "2:43"]
        assert {len(row) for row in on.queued()} == {on.queue.scrollable_content_region.width}


async def test_members_and_queue_do_not_touch_where_they_stand_beside_each_other() -> None:
    async with app_in_room(four(), columns=160, lines=48) as on:
        members, queue = on.room.query_one("#members").region, on.queue.region
        assert members.y == queue.y
        assert queue.x > members.right


async def test_a_result_of_the_queue_is_shown_where_it_stands_in_the_output() -> None:
    async with app_in_room() as on:
        for job in (A, B):
            await on.server.submitted(job_summary(job))
            await on.server.started(job)
            await on.server.output(job, f"{job[:8]}\n".encode() * 30)
            await on.server.finished(job)
        await on.press("f3")
        await on.until(lambda: len(on.queued()) == 2)
        on.queue.focus()
        await on.until(lambda: on.queue.has_focus)
        await on.press("end", "enter")
        await on.until(lambda: on.output.is_on_screen and on.output.scroll_offset.y == 0)
