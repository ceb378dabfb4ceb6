"""Only changed parts are painted, with the same result as painting everything."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip

from codesync_protocol.shared_text import SOURCE
from codesync_server.rooms.room import Room
from codesync_tui.editor import CodeEditor
from codesync_tui.editor.highlights import LONG_COLUMNS
from codesync_tui.editor.partial_repaint import changed_span
from codesync_tui.editor.syntax import load_syntax
from tests.tui.pseudo_terminal import pseudo_terminal
from tests.tui.room.test_convergence import EditorApp, Member, settle

BYTES_PER_KEY = 1_500

pieces = st.lists(
    st.tuples(st.sampled_from(["a", "bc", "世", "  "]), st.sampled_from([None, "red", "bold"])),
    max_size=6,
)


def strip(texts: list[tuple[str, str | None]]) -> Strip:
    row = Strip([Segment(text, Style.parse(style) if style else None) for text, style in texts])
    return row.adjust_cell_length(16)


@given(pieces, pieces)
def test_what_differs_lies_within_what_is_painted_again(
    one: list[tuple[str, str | None]], other: list[tuple[str, str | None]]
) -> None:
    before, after = strip(one), strip(other)
    span = changed_span(before, after)
    if span is None:
        assert before.text == after.text
        return
    left, right = span
    assert before.crop(0, left).text == after.crop(0, left).text
    assert before.crop(right, 16).text == after.crop(right, 16).text


@pytest.mark.parametrize("seed", range(4))
async def test_after_any_edits_the_screen_is_as_if_painted_anew(seed: int) -> None:
    chance = random.Random(seed)
    room = Room("den", 0.0)
    room.document.write(SOURCE, "def f(x):\n    return x  # one\n" * 20)
    app = EditorApp(2)
    async with app.run_test(size=(60, 40)) as pilot:
        pairs = zip(app.editors, app.inputs, strict=True)
        members = [Member(room, f"w{number}", *pair) for number, pair in enumerate(pairs)]
        for member in members:
            member.connect()
        settle(members)
        members[0].editor.set_syntax(load_syntax("python"))
        members[0].editor.focus()
        for _ in range(40):
            for member in members:
                member.act(chance)
            settle(members)
            members[0].editor._reparse()  # pyright: ignore[reportPrivateUsage]  # not only after a moment
            await pilot.pause()
            shown = app.export_screenshot()
            for member in members:
                member.editor._painted.clear()  # pyright: ignore[reportPrivateUsage]  # as if nothing were painted yet
                member.editor.refresh()
            await pilot.pause()
            assert app.export_screenshot() == shown


async def test_a_key_has_nothing_painted_but_its_own_row(monkeypatch: pytest.MonkeyPatch) -> None:
    room = Room("den", 0.0)
    room.document.write(SOURCE, "x = 1\n" * 10_000)
    app = EditorApp(1)
    async with app.run_test(size=(60, 40)) as pilot:
        member = Member(room, "w", app.editors[0], app.inputs[0])
        member.connect()
        settle([member])
        editor = member.editor
        editor.focus()
        editor.move_cursor((3, 5))
        await pilot.pause()
        regions: list[Region] = []
        dirty = CodeEditor._set_dirty  # pyright: ignore[reportPrivateUsage]

        def note(self: CodeEditor, *changed: Region) -> None:
            regions.extend(changed or [self.size.region])
            dirty(self, *changed)

        monkeypatch.setattr(CodeEditor, "_set_dirty", note)
        await pilot.press("y")
        await pilot.pause()
        assert editor.document[3] == "x = 1y"
        assert {region.y for region in regions} == {3}
        assert all(region.height == 1 for region in regions)


async def test_a_line_of_a_hundred_thousand_characters_is_shown_where_we_are() -> None:
    room = Room("den", 0.0)
    room.document.write(SOURCE, "a = 1\n" + "word 12 " * 12_500 + "\n" + "y" * LONG_COLUMNS)
    app = EditorApp(1)
    async with app.run_test(size=(60, 40)) as pilot:
        member = Member(room, "w", app.editors[0], app.inputs[0])
        member.connect()
        settle([member])
        editor = member.editor
        editor.set_syntax(load_syntax("python"))
        editor.focus()
        editor.move_cursor((1, 50_000))
        await pilot.press("H", "i")
        await pilot.pause()
        member.check()
        assert "word 12 Hi" in editor.render_line(1).text
        assert editor.render_line(1).cell_length == editor.size.width


def test_a_key_costs_the_terminal_little() -> None:
    with pseudo_terminal("-m", "tests.tui.terminal_app", "idle") as terminal:
        terminal.read_until("synced")
        terminal.press(b"ABC")
        terminal.read_until("ABC")
        before = len(terminal.written)
        keys = "DEFGHIJKLM"
        for key in keys:
            terminal.press(key.encode())
            terminal.read_until("ABC" + keys[: keys.index(key) + 1])
        assert (len(terminal.written) - before) / len(keys) < BYTES_PER_KEY


async def test_a_long_text_of_equal_lines_is_replaced_and_taken_back_as_one() -> None:
    room = Room("den", 0.0)
    room.document.write(SOURCE, "x = 1\n" * 10_000)
    app = EditorApp(1)
    async with app.run_test(size=(60, 40)):
        member = Member(room, "w", app.editors[0], app.inputs[0])
        member.connect()
        settle([member])
        text = "y = 1\n" + "x = 1\n" * 9_999 + "z\n"
        member.editor.load_text(text)
        settle([member])
        member.check()
        assert room.document.texts[SOURCE] == text
        member.editor.undo()
        assert member.editor.text == "x = 1\n" * 10_000
