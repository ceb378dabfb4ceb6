"""The output pane follows the end until the user scrolls, and never blocks the screen."""

import asyncio
import time

import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult

from codesync_client import JobOutput
from codesync_protocol.messages import Stream
from codesync_protocol.verdict import Verdict
from codesync_tui.panels.output import OutputPane
from codesync_tui.room.session import SLICE_BYTES, split_output
from codesync_tui.transcript.captions import Ending, Heading
from tests.tui.app_in_room import app_in_room
from tests.tui.room_server import job_id, job_summary
from tests.waiting import eventually

A = job_id(1)
OUT = Stream.STDOUT
HEADING = Heading("ana", 0, "main.py", "Python 3", "00000001")


class OnePane(App[None]):
    """The pane alone."""

    CSS = "OutputPane { width: 20; height: 6; }"

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """What our themes would say."""
        return {"dim": "#888888", "line": "#222222", "bar": "#333333", "bar-text": "#ffffff"}

    def compose(self) -> ComposeResult:
        """The pane alone."""
        yield OutputPane()

    @property
    def pane(self) -> OutputPane:
        """The pane."""
        return self.query_one(OutputPane)

    def painted(self) -> list[str]:
        """What is painted now."""
        return [self.pane.render_line(y).text.rstrip() for y in range(6)]


async def settled(app: OnePane) -> None:
    """Wait until everything is painted."""
    await eventually(lambda: not app.pane.has_unpainted_output)


async def test_it_follows_the_end_until_the_reader_scrolls_up_and_again_from_there() -> None:
    app = OnePane()
    async with app.run_test(size=(40, 10)) as pilot:
        pane = app.pane
        pane.begin(A, HEADING)
        pane.write(A, OUT, b"".join(b"%d\n" % n for n in range(30)))
        await settled(app)
        assert app.painted()[-1] == "29"
        pane.focus()
        await pilot.press("up", "up")
        await pilot.pause()
        seen = app.painted()
        pane.write(A, OUT, b"more\n" * 10)
        await settled(app)
        assert app.painted() == seen
        await pilot.press("end")
        await pilot.pause()
        pane.write(A, OUT, b"last\n")
        await settled(app)
        assert app.painted()[-1] == "last"


async def test_what_is_written_below_what_is_shown_is_said_to_be_there_until_it_is_seen() -> None:
    app = OnePane()
    async with app.run_test(size=(40, 10)) as pilot:
        pane = app.pane
        pane.begin(A, HEADING)
        pane.write(A, OUT, b"line\n" * 30)
        await settled(app)
        pane.focus()
        await pilot.press("up", "up")
        await pilot.pause()
        seen = [pane.has_unseen]
        pane.write(A, OUT, b"more\n")
        await settled(app)
        await pilot.press("down", "down")
        await pilot.pause()
        seen.append(pane.has_unseen)
        await pilot.press("down")
        await eventually(lambda: not pane.has_unseen)
        pane.write(A, OUT, b"last\n")
        await settled(app)
        assert [*seen, pane.has_unseen] == [False, True, False]


async def test_output_that_comes_before_a_keys_first_frame_does_not_hold_the_reader() -> None:
    app = OnePane()
    async with app.run_test(size=(40, 10)):
        pane = app.pane
        pane.begin(A, HEADING)
        pane.write(A, OUT, b"line\n" * 30)
        await settled(app)
        await eventually(lambda: pane.allow_vertical_scroll)
        end = pane.scroll_offset.y
        pane.action_scroll_up()
        pane.write(A, OUT, b"more\n")
        await settled(app)
        assert pane.has_unseen
        await eventually(lambda: pane.scroll_offset.y == end - 1)


async def test_what_the_reader_looks_at_stays_when_old_lines_are_dropped() -> None:
    app = OnePane()
    async with app.run_test(size=(40, 10)) as pilot:
        pane = app.pane
        pane.begin(A, HEADING)
        for start in range(0, 20_000, 500):
            pane.write(A, OUT, b"".join(b"%d\n" % n for n in range(start, start + 500)))
        await settled(app)
        await eventually(lambda: pane.allow_vertical_scroll)
        pane.scroll_to(y=10_000, animate=False)
        await eventually(lambda: pane.scroll_offset.y == 10_000)
        await pilot.pause()
        seen = app.painted()
        assert seen[0].isdigit()
        pane.write(A, OUT, b"x\n" * 700)
        await settled(app)
        assert app.painted() == seen


async def test_long_lines_are_broken_or_go_on_to_the_right() -> None:
    app = OnePane()
    async with app.run_test(size=(40, 10)) as pilot:
        pane = app.pane
        pane.begin(A, HEADING)
        pane.write(A, OUT, b"0123456789" * 5 + b"\n")
        await settled(app)
        width = len(app.painted()[1])
        assert width == 19
        assert app.painted()[2].startswith("9012")
        assert pane.toggle_wrap() is False
        await pilot.pause()
        assert app.painted()[2] == ""
        pane.focus()
        await pilot.press("right", "right", "right")
        await pilot.pause()
        assert app.painted()[1].startswith("3456")


async def test_rows_are_exactly_as_wide_as_the_pane() -> None:
    app = OnePane()
    async with app.run_test(size=(40, 10)):
        pane = app.pane
        pane.begin(A, Heading("世界" * 20, 0, "main.py", "Python 3", "00000001"))
        pane.write(A, OUT, "世界e\u0301🎉".encode() * 20 + b"\x1b[41mred\n")
        pane.end(A, Ending(Verdict.OK, "ok", ("exit 0", "cpu 0.02 s", "wall 0.05 s")))
        await settled(app)
        for y in range(6):
            strip = pane.render_line(y)
            assert cell_len(strip.text) == strip.cell_length == 19


async def test_many_changes_are_painted_at_once() -> None:
    app = OnePane()
    async with app.run_test(size=(40, 10)):
        frames = 0
        show_frame = app.pane._show_frame  # pyright: ignore[reportPrivateUsage]  # counted

        def counted() -> None:
            nonlocal frames
            frames += 1
            show_frame()

        app.pane._show_frame = counted  # type: ignore[method-assign]  # pyright: ignore[reportPrivateUsage]
        app.pane.begin(A, HEADING)
        began = time.monotonic()
        for n in range(1000):
            app.pane.write(A, OUT, b"%d\n" % n)
            if n % 50 == 0:
                await asyncio.sleep(0)
        await settled(app)
        assert frames <= (time.monotonic() - began) * 30 + 2


def test_output_is_cut_into_slices() -> None:
    event = JobOutput(A, OUT, 5, bytes(range(256)) * 100)
    pieces = [piece for piece in split_output(event) if isinstance(piece, JobOutput)]
    assert all(len(piece.data) <= SLICE_BYTES for piece in pieces)
    assert b"".join(piece.data for piece in pieces) == event.data
    assert [piece.offset for piece in pieces] == [5 + SLICE_BYTES * n for n in range(len(pieces))]


@pytest.mark.parametrize(
    ("line", "total"),
    [
        (b"a line of output, as programs write them\n", 10_000_000),
        (b"\x1b[31mred\x1b[0m \x1b[1;32mgreen\x1b[0m \x1b[38;5;200mpink\x1b[0m\n", 4_000_000),
        (b"\n", 300_000),
        (b"x", 10_000_000),
    ],
    ids=["plain", "coloured", "empty", "endless"],
)
async def test_the_end_of_a_flood_of_output_is_seen(line: bytes, total: int) -> None:
    async with app_in_room() as on:
        await on.press("f4")
        await on.server.submitted(job_summary(A))
        await on.server.started(A)
        data = line * (32 * 1024 // len(line))
        for _ in range(total // len(data)):
            await on.server.output(A, data)
        await on.server.output(A, b"\nthe end\n")
        await on.server.finished(A)
        await eventually(lambda: on.row_before_last() == "the end", 150.0)


async def test_keys_get_their_turn_while_output_floods_in() -> None:
    async with app_in_room() as on:
        await on.server.submitted(job_summary(A))
        await on.server.started(A)
        await on.write("")
        for _ in range(20):
            await on.server.output(A, b"flood\n" * 5000)
            await on.press("x")
        assert on.editor.text == "x" * 20
