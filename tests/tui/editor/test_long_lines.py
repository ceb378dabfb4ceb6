"""Long lines are shown as the stock widget shows them, at the cost of their visible part."""

from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from textual.document._document import Selection
from textual.geometry import Offset

from codesync_protocol.shared_text import SOURCE
from codesync_server.rooms.room import Room
from codesync_tui.editor import CodeEditor, code_editor, wrapped_document
from codesync_tui.editor.long_lines import UNIFORM_COLUMNS, uniform_line
from codesync_tui.editor.source_document import SourceDocument
from codesync_tui.editor.wrapped_document import SourceWrappedDocument
from tests.tui.room.test_convergence import EditorApp, Member, settle

LENGTH = UNIFORM_COLUMNS + 2_000
LINE = "call(value) " * (LENGTH // 12)

characters = st.text(st.sampled_from("ab\té中\u0301\u200b🙂\x1b"), max_size=20)


def cells(editor: CodeEditor, row: int) -> list[Segment]:
    """Each cell of a row with its style."""
    strip = editor.paint_line(row)
    return [Segment(char, style) for text, style, _ in strip for char in text]


@pytest.mark.parametrize(
    "selection",
    [
        Selection.cursor((1, 0)),
        Selection.cursor((1, 5_000)),
        Selection.cursor((1, 5_004)),  # at a bracket
        Selection.cursor((1, len(LINE))),
        Selection.cursor((0, 2)),
        Selection((1, 5_000), (1, 5_010)),
        Selection((1, 5_010), (1, 5_000)),
        Selection((0, 1), (1, 5_000)),
        Selection((1, 5_000), (2, 1)),
        Selection((0, 1), (2, 1)),
    ],
)
async def test_each_cell_is_as_in_the_stock_widget(selection: Selection) -> None:
    room = Room("den", 0.0)
    room.document.write(SOURCE, f"first\n{LINE}\nlast")
    app = EditorApp(1)
    async with app.run_test(size=(60, 20)) as pilot:
        member = Member(room, "w", app.editors[0], app.inputs[0])
        member.connect()
        settle([member])
        editor = member.editor
        editor.focus()
        editor.selection = selection
        await pilot.pause()
        shown = cells(editor, 1)
        huge = 2 * LENGTH
        with (
            patch.object(code_editor, "UNIFORM_COLUMNS", huge),
            patch.object(wrapped_document, "UNIFORM_COLUMNS", huge),
        ):
            editor._line_cache.clear()  # pyright: ignore[reportPrivateUsage, reportUnknownMemberType]
            assert cells(editor, 1) == shown
        assert len(shown) == editor.scrollable_content_region.width


async def test_a_key_in_a_long_line_renders_no_more_than_the_width_of_the_screen() -> None:
    room = Room("den", 0.0)
    room.document.write(SOURCE, "first\n" + "é中 " * 100_000)
    app = EditorApp(2)
    async with app.run_test(size=(60, 40)) as pilot:
        pairs = zip(app.editors, app.inputs, strict=True)
        members = [Member(room, f"w{number}", *pair) for number, pair in enumerate(pairs)]
        for member in members:
            member.connect()
        settle(members)
        for member in members:
            member.editor.move_cursor((1, 150_000))
        members[0].editor.focus()
        await pilot.press("H", "i")
        settle(members)
        await pilot.pause()
        for member in members:
            assert member.editor.text == room.document.texts[SOURCE]
            assert "Hi" in member.editor.render_line(1).text
            for row in range(member.editor.size.height):
                strip = member.editor.render_line(row)
                assert sum(len(text) for text, _, _ in strip) <= member.editor.size.width


@given(characters)
def test_each_character_takes_one_cell(text: str) -> None:
    shown = uniform_line(text)
    assert len(shown) == len(text)
    assert all(cell_len(each) == 1 for each in shown if each != "\x1b")


@given(st.integers(0, LENGTH), st.integers(0, 30), characters)
def test_an_edit_shows_what_a_new_document_shows(at: int, count: int, text: str) -> None:
    line = ("é\t中a" * LENGTH)[:LENGTH]
    document = SourceDocument(f"first\n{line}")
    document.replace_range((1, at), (1, at + count), text)
    fresh = SourceDocument(document.text)
    assert document.lines == fresh.lines
    assert len(document.lines[1]) == len(document.text) - len("first\n")


@given(st.integers(-5, LENGTH + 5))
def test_columns_are_cells(column: int) -> None:
    wrapped = SourceWrappedDocument(SourceDocument("中" * LENGTH))
    wrapped.wrap(0, 4)
    inside = min(max(0, column), LENGTH)
    assert wrapped.offset_to_location(Offset(column, 0)) == (0, inside)
    assert wrapped.location_to_offset((0, inside)) == Offset(inside, 0)
