"""The editor: typing, pasting, loading and undo."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass

import pytest
from textual import events
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from codesync_client.document import replica
from codesync_protocol.limits import SOURCE_MAX
from codesync_protocol.shared_text import SOURCE
from codesync_server.rooms.room import Room
from codesync_tui.editor import CodeEditor
from codesync_tui.editor.source_area import SourceArea
from codesync_tui.editor.syntax import load_syntax
from tests.tui.room.test_convergence import EditorApp, Member, settle
from tests.waiting import eventually


class OneEditor(App[None]):
    """The editor alone."""

    def __init__(self) -> None:
        super().__init__()
        self.refused: list[int] = []

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """What our themes would say."""
        return {"dim": "#888888", "line": "#222222"}

    def compose(self) -> ComposeResult:
        """The editor alone."""
        yield CodeEditor()

    @property
    def editor(self) -> CodeEditor:
        """The editor."""
        return self.query_one(CodeEditor)

    def on_source_area_paste_refused(self, message: SourceArea.PasteRefused) -> None:
        """Note it."""
        self.refused.append(message.size)


async def test_what_is_typed_stands_there_once() -> None:
    app = OneEditor()
    async with app.run_test() as pilot:
        await pilot.press("a", "b", "space", "c")
        assert app.editor.text == "ab c"


async def test_a68_what_is_pasted_stands_there_once_and_as_it_was() -> None:
    app = OneEditor()
    async with app.run_test() as pilot:
        app.post_message(events.Paste("if x:\r\n\ty = '\x1b[31m\u2028'\rz"))
        await pilot.pause()
        assert app.editor.text == "if x:\n\ty = '\x1b[31m\u2028'\nz"
        assert app.editor.document.lines[1] == "\ty = '␛[31m\ufffd'"
        painted = "".join(app.editor.render_line(y).text for y in range(3))
        assert "\x1b" not in painted
        assert "␛[31m" in painted
        await pilot.press("ctrl+z")
        assert app.editor.text == ""


async def test_a70_a_line_of_very_many_tabs_is_text_like_any() -> None:
    app = OneEditor()
    async with app.run_test(size=(40, 10)) as pilot:
        app.editor.load_text("\t" * 100_000 + "x\n\ty")
        await pilot.press("ctrl+down", "end", "backspace", "z", "left", "left")
        assert app.editor.text == "\t" * 100_000 + "z\n\ty"
        row = app.editor.render_line(0).text
        assert "\u25b8\u25b8z" in row, "each is one cell"
        await pilot.press("end", "ctrl+z", "ctrl+z")
        assert app.editor.text == "\t" * 100_000 + "x\n\ty"


async def test_a70_a_million_lines_are_text_like_any() -> None:
    app = OneEditor()
    async with app.run_test(size=(40, 10)) as pilot:
        app.editor.load_text("\n" * (SOURCE_MAX - 1))
        await pilot.press("ctrl+end", "a")
        assert app.editor.text.endswith("\n\na")
        assert app.editor.cursor_location == (SOURCE_MAX - 1, 1)
        await pilot.press("ctrl+home", "delete", "b")
        assert app.editor.text.startswith("b\n\n")
        assert app.editor.wrapped_document.height == SOURCE_MAX - 1


async def test_a70_a_paste_that_is_too_large_is_refused() -> None:
    app = OneEditor()
    async with app.run_test() as pilot:
        app.post_message(events.Paste("x" * (SOURCE_MAX + 1)))
        await pilot.pause()
        assert app.editor.text == ""
        assert app.refused == [SOURCE_MAX + 1]


async def test_lines_are_indented_and_unindented() -> None:
    app = OneEditor()
    async with app.run_test() as pilot:
        for key in ("i", "f", ":", "enter", "x", "enter", "backspace", "y", "enter", "tab", "z"):
            await pilot.press(key)
        assert app.editor.text == "if:\n    x\ny\n    z"
        await pilot.press("shift+tab")
        assert app.editor.text == "if:\n    x\ny\nz"
        assert app.editor.cursor_location == (3, 1)


async def test_escape_keeps_the_focus() -> None:
    app = OneEditor()
    async with app.run_test() as pilot:
        await pilot.press("a", "escape")
        assert app.editor.has_focus


async def test_highlighting_can_change_and_takes_nothing_away() -> None:
    app = OneEditor()
    async with app.run_test() as pilot:
        app.editor.load_text("x = 1\n" * 100)
        app.editor.move_cursor((50, 2))
        await pilot.press("y")
        app.editor.set_syntax(load_syntax("python"))
        assert app.editor.syntax_name == "python"
        assert app.editor.cursor_location == (50, 3)
        await pilot.press("ctrl+z")
        assert app.editor.text == "x = 1\n" * 100
        app.editor.set_syntax(None)
        assert app.editor.syntax_name == ""


async def test_edits_are_highlighted() -> None:
    app = OneEditor()
    async with app.run_test() as pilot:
        app.editor.set_syntax(load_syntax("python"))
        await pilot.press(*"import re")

        def colours() -> dict[str, object]:
            row = app.editor.render_line(0)
            return {segment.text: segment.style.color for segment in row if segment.style}

        await eventually(lambda: "import" in colours())
        assert colours()["import"] not in (None, colours().get(" re"))


async def test_long_texts_are_edited_without_looking_at_all_of_them() -> None:
    app = OneEditor()
    async with app.run_test() as pilot:
        app.editor.set_syntax(load_syntax("python"))
        app.editor.load_text("def f(x):\n    return x  # one\n" * 2000)
        app.editor.move_cursor((2000, 0))
        await pilot.press("a")
        assert 0 < len(app.editor._highlights) <= 256  # pyright: ignore[reportPrivateUsage]  # how many were worked out


# What is undone together, in a shared text.


class Clock:
    """The time, as the copies of the text see it: it goes on only when somebody says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.milliseconds = 1_000
        monkeypatch.setattr(replica, "time", self)

    def monotonic_ns(self) -> int:
        """See time.monotonic_ns."""
        return self.milliseconds * 1_000_000


@dataclass(frozen=True, slots=True)
class Pair:
    """Two who write: the keys go to the first."""

    pilot: Pilot[None]
    ana: Member
    ben: Member
    clock: Clock

    async def press(self, *keys: str) -> None:
        """Press keys; everybody sees what comes of it."""
        await self.pilot.press(*keys)
        settle([self.ana, self.ben])

    def ben_writes(self, text: str, row: int, column: int) -> None:
        """The other one writes."""
        self.ben.editor.insert(text, (row, column))
        settle([self.ana, self.ben])

    async def undone(self) -> list[str]:
        """What the text is after each undo, until there is nothing to take back."""
        texts = [self.ana.editor.text]
        while True:
            await self.press("ctrl+z")
            if self.ana.editor.text == texts[-1]:
                return texts[1:]
            texts.append(self.ana.editor.text)


@pytest.fixture
async def pair(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Pair]:
    clock = Clock(monkeypatch)
    app, room = EditorApp(2), Room("den", 0.0)
    room.document.write(SOURCE, "")
    async with app.run_test(size=(60, 30)) as pilot:
        desks = zip(app.editors, app.inputs, strict=True)
        ana, ben = (Member(room, f"w{number}", *desk) for number, desk in enumerate(desks))
        for member in (ana, ben):
            member.connect()
        settle([ana, ben])
        ana.editor.focus()
        yield Pair(pilot, ana, ben, clock)


async def test_what_is_typed_in_one_go_is_undone_in_one(pair: Pair) -> None:
    await pair.press(*"abc", "backspace", "backspace", *"de", "enter", *"f")
    assert await pair.undone() == ["ade\n", "ade", "a", "abc", ""]


async def test_a_pause_and_a_move_end_what_is_undone_together(pair: Pair) -> None:
    await pair.press(*"ab")
    pair.clock.milliseconds += replica.UNDO_GROUP_MS
    await pair.press(*"cd", "left", "right", *"ef")
    assert await pair.undone() == ["abcd", "ab", ""]


async def test_a_paste_and_a_command_are_undone_alone(pair: Pair) -> None:
    await pair.press("a")
    pair.pilot.app.post_message(events.Paste("b"))
    await pair.press(*"cd")
    pair.ana.editor.toggle_comment()
    await pair.press(*"ef", "ctrl+w", "backspace", "ctrl+a")
    assert pair.ana.editor.text == "//"
    assert await pair.undone() == ["// ", "// abcdef", "// abcd", "abcd", "ab", "a", ""]


async def test_others_neither_part_what_is_typed_nor_are_taken_back(pair: Pair) -> None:
    pair.ben_writes("one\ntwo\n", 0, 0)
    pair.ana.editor.move_cursor((1, 3))
    await pair.press(*"ab")
    pair.ben_writes("zero\n", 0, 0)
    pair.clock.milliseconds += replica.UNDO_GROUP_MS - 1
    await pair.press(*"cd")
    pair.ben_writes("X", 2, 3)
    pair.clock.milliseconds += replica.UNDO_GROUP_MS - 1
    await pair.press(*"ef")
    pair.ben_writes("Y", 2, 10)
    assert pair.ana.editor.text == "zero\none\ntwoXabcdefY\n"
    assert await pair.undone() == ["zero\none\ntwoXY\n"]


async def test_others_do_not_part_what_is_deleted_key_by_key(pair: Pair) -> None:
    pair.ben_writes("one\ntwo\n", 0, 0)
    pair.ana.editor.move_cursor((1, 3))
    await pair.press("backspace")
    pair.ben_writes("zero\n", 0, 0)
    await pair.press("backspace", "backspace")
    assert pair.ana.editor.text == "zero\none\n\n"
    assert await pair.undone() == ["zero\none\ntwo\n"]
    pair.ana.editor.redo()
    assert pair.ana.editor.text == "zero\none\n\n"


# Keys for lines.


async def test_tab_moves_the_selected_lines_and_shift_tab_moves_them_back(pair: Pair) -> None:
    pair.ben_writes("a\n\n  b\n\tc\nd\n", 0, 0)
    pair.ana.editor.move_cursor((0, 0))
    await pair.press("shift+down", "shift+down", "shift+down", "shift+down", "tab")
    assert pair.ana.editor.text == "\ta\n\n    b\n\t\tc\nd\n"
    assert pair.ana.editor.selection == ((0, 0), (4, 0))
    await pair.press("tab", "shift+tab", "shift+tab", "shift+tab")
    assert pair.ana.editor.text == "a\n\nb\nc\nd\n"
    assert pair.ana.editor.selection == ((0, 0), (4, 0))
    assert len(await pair.undone()) == 5, "each is a step, and what another wrote stays"


async def test_tab_in_a_line(pair: Pair) -> None:
    pair.ben_writes("one two\n", 0, 0)
    pair.ana.editor.move_cursor((0, 2))
    await pair.press("tab")
    assert pair.ana.editor.text == "on  e two\n", "up to the next stop"
    pair.ana.editor.move_cursor((0, 2))
    await pair.press("shift+end", "tab")
    assert pair.ana.editor.text == "on  \n", "a piece is replaced"
    await pair.press("home", "shift+end", "tab")
    assert pair.ana.editor.text == "    on  \n", "a whole line is moved"
    await pair.press("end", "shift+tab")
    assert pair.ana.editor.text == "on  \n"
    assert pair.ana.editor.cursor_location == (0, 4)


async def test_enter_among_leading_blanks_leaves_what_follows_where_it_is(pair: Pair) -> None:
    for blanks in ("    ", "\t\t"):
        for column in (0, len(blanks) // 2, len(blanks)):
            pair.ana.editor.load_text(f"{blanks}x")
            pair.ana.editor.move_cursor((0, column))
            await pair.press("enter")
            assert pair.ana.editor.text == f"{blanks[:column]}\n{blanks}x"
            assert pair.ana.editor.cursor_location == (1, column)


async def test_home_goes_to_the_text_of_a_line_and_to_its_beginning(pair: Pair) -> None:
    pair.ben_writes("  \tx = 1\n", 0, 0)
    pair.ana.editor.move_cursor((0, 6))
    for column in (3, 0, 3):
        await pair.press("home")
        assert pair.ana.editor.cursor_location == (0, column)


async def test_backspace_goes_back_one_level_among_blanks_and_tabs(pair: Pair) -> None:
    pair.ben_writes("\t      x", 0, 0)
    pair.ana.editor.move_cursor((0, 7))
    for left in ("\t    x", "\tx", "x"):
        await pair.press("backspace")
        assert pair.ana.editor.text == left


async def test_nothing_is_changed_where_nothing_may_be_written(pair: Pair) -> None:
    pair.ben_writes("a\nb\n", 0, 0)
    pair.ana.editor.select_all()
    pair.ana.editor.read_only = True
    await pair.press("tab", "shift+tab", "(", "ctrl+v")
    pair.ana.editor.toggle_comment()
    assert pair.ana.editor.text == "a\nb\n"
    assert pair.ana.editor.selection == ((0, 0), (2, 0))
