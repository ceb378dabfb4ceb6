"""One pane fills the screen, and the layout is restored."""

from functools import partial

import pytest
from textual.widget import Widget

from tests.tui.app_in_room import AppInRoom, app_in_room
from tests.tui.room_server import job_id, job_summary

A = job_id(1)
FULL = "ctrl+@"
PANES = ("editor", "output", "prepared", "queue", "members")
SIZES = ((40, 12), (80, 24), (160, 48))


def shown(on: AppInRoom) -> dict[str, Widget]:
    """The panes that are on the screen."""
    panes = {name: on.room.query_one(f"#{name}") for name in PANES}
    return {name: pane for name, pane in panes.items() if pane.is_on_screen}


def is_alone(on: AppInRoom, pane: Widget) -> bool:
    """Whether a pane fills the screen, and has the focus."""
    return list(shown(on).values()) == [pane] and pane.has_focus


async def to_the_queue(on: AppInRoom) -> None:
    """Let the queue fill the screen."""
    await on.press(FULL)
    for pane in (on.output, on.stdin.prepared, on.queue):
        await on.press("f6")
        await on.until(partial(is_alone, on, pane))


@pytest.mark.parametrize(("columns", "lines"), SIZES)
async def test_each_pane_fills_the_screen_in_turn_and_the_layout_comes_back(
    columns: int, lines: int
) -> None:
    async with app_in_room(columns=columns, lines=lines) as on:
        before = {name: pane.region for name, pane in shown(on).items()}
        await on.press(FULL)
        for name in (*PANES, "editor"):
            pane = on.room.query_one(f"#{name}")
            await on.until(partial(is_alone, on, pane))
            assert pane.region.width == columns
            assert pane.region.height >= lines - 2  # the status line, and a pane's title
            await on.press("f6")
        await on.press(FULL)
        await on.until(lambda: {n: pane.region for n, pane in shown(on).items()} == before)


async def test_the_focus_is_never_left_in_a_pane_that_is_hidden_again() -> None:
    async with app_in_room() as on:
        await to_the_queue(on)
        await on.press(FULL)
        await on.until(lambda: on.editor.has_focus)
        assert list(shown(on)) == ["editor"]


async def test_a_run_shows_its_output_and_the_answer_line_stays_below_it() -> None:
    async with app_in_room() as on:
        await on.press(FULL, "f5")
        await on.until(lambda: on.output.is_on_screen)
        assert on.editor.is_on_screen
        await on.server.submitted(job_summary(A))
        await on.server.started(A)
        await on.until(on.label)
        await on.press("f7", FULL)
        await on.until(lambda: list(shown(on)) == ["output"])
        assert on.answer.is_on_screen
        assert on.answer.has_focus
        await on.server.finished(A)
        await on.until(lambda: not on.label())
        await on.until(lambda: on.output.has_focus)
        assert list(shown(on)) == ["output"]


async def test_what_goes_to_the_editor_shows_it() -> None:
    async with app_in_room() as on:
        for key in ("ctrl+f", "ctrl+g"):
            await to_the_queue(on)
            await on.press(key)
            await on.until(lambda: on.editor.is_on_screen)
            await on.press("escape")
            await on.until(lambda: on.editor.has_focus)


async def test_the_keys_of_the_layout_go_on_from_what_is_seen() -> None:
    async with app_in_room() as on:
        await on.press("f4")
        await on.until(lambda: on.output.is_on_screen)
        await on.press("f6")
        await on.until(lambda: on.output.has_focus)
        await on.press(FULL)
        await on.until(lambda: list(shown(on)) == ["output"])
        await on.press("f4")
        await on.until(lambda: list(shown(on)) == ["editor"])
        await on.until(lambda: on.editor.has_focus)
        await on.press(FULL, "f4")
        await on.until(lambda: list(shown(on)) == ["editor", "output"])
        await on.press(FULL, "f3")
        await on.until(lambda: list(shown(on)) == ["editor", "output", "queue", "members"])


async def test_finding_in_the_output_happens_on_all_of_the_screen() -> None:
    async with app_in_room() as on:
        await on.room.action_perform("find_output")
        await on.press(FULL)
        await on.until(lambda: list(shown(on)) == ["output"])
        assert on.room.query_one("#output-find").is_on_screen
