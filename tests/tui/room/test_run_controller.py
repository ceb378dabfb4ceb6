"""Programs are run, and the terminals of our programs fit the pane."""

from textual.widgets._toast import Toast

from codesync_protocol.errors import Code
from codesync_protocol.messages import (
    Rejected,
    Resize,
    StdinMode,
    Submit,
)
from tests.tui.app_in_room import app_in_room
from tests.tui.room.running import run
from tests.tui.room_server import RoomServer


async def test_prepared_input_goes_along() -> None:
    async with app_in_room() as on:
        await on.press("f7")
        assert on.stdin.prepared.has_focus
        await on.press("4", "2", "enter", "f5")
        submit = await on.server.wait_for(Submit)
        assert (submit.stdin, submit.tty, submit.stdin_size) == (StdinMode.CLOSED, False, 3)
        assert on.server.bodies[submit.job].endswith(b"42\n")
        assert on.stdin.prepared.has_focus


async def test_a_large_program_arrives_whole() -> None:
    async with app_in_room() as on:
        text = "x = 1\n" * 50_000
        on.editor.load_text(text)
        await on.press("ctrl+r")
        submit = await on.server.wait_for(Submit)
        await on.until(lambda: len(on.server.bodies[submit.job]) == len(text))


async def test_our_programs_terminals_are_as_large_as_the_output_pane() -> None:
    async with app_in_room(columns=120, lines=40) as on:
        submit = await run(on)
        assert submit.window == on.output.window
        await on.server.started(submit.job)
        await on.press("f4")  # all of the screen
        await on.until(lambda: on.output.window and on.output.window.columns > 100)
        resize = await on.server.wait_for(Resize, lambda m: m.window == on.output.window)
        assert resize.job == submit.job


async def test_h33_a_refused_run_states_the_limit_and_when_to_try_again() -> None:
    server = RoomServer()
    limit, retry = "This room's share of the queue is full (12 jobs).", "Try again in about 20 s."
    server.room.rejection = Rejected("", Code.QUEUE_FULL, limit, retry, 20.0)
    async with app_in_room(server) as on:
        assert on.app.size == (80, 24)
        await on.press("f5")
        await on.until(lambda: f"{limit}\n{retry}" in on.notices())
        toast = on.app.screen.query_one(Toast)
        await on.until(lambda: toast.size.height >= 2)
        assert on.app.screen.region.contains_region(toast.region), "all of it is on the screen"
        assert on.editor.has_focus


async def test_nothing_is_run_from_an_empty_editor() -> None:
    async with app_in_room() as on:
        await on.write(" \n")
        await on.press("f5")
        await on.until(lambda: any("empty" in notice for notice in on.notices()))
