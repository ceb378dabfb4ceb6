"""Real widgets show the text of their document at all times, over faulty links.

A seed that fails is in the test's name; it does the same thing again.
"""

import random

import pytest
from textual.app import App, ComposeResult

from codesync_protocol.printable import show_line
from codesync_protocol.shared_text import SOURCE
from codesync_server.rooms.room import Room
from codesync_tui.editor import CodeEditor
from codesync_tui.editor.source_area import SourceArea
from codesync_tui.editor.syntax import load_syntax
from codesync_tui.editor.wrapped_document import SourceWrappedDocument
from codesync_tui.room.shared_text_binding import SharedTextBinding, TextObservers
from tests.convergence.members import Writer
from tests.convergence.test_convergence import NASTY

WORDS = [*NASTY, "\n", "a\nb\n", "שלום", "\t", "x" * 90, "def f(x):\n    return x\n", "世界"]
STEPS = 150


class EditorApp(App[None]):
    """An editor and an input box for each member, side by side."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.editors = [CodeEditor() for _ in range(count)]
        self.inputs = [SourceArea() for _ in range(count)]

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return {"dim": "#888888", "line": "#222222"}

    def compose(self) -> ComposeResult:
        yield from self.editors
        yield from self.inputs


def _nothing(*_: object) -> None:
    pass


def may_write() -> bool:
    return True


class Member(Writer):
    """A member whose view is a real widget."""

    def __init__(self, room: Room, name: str, editor: CodeEditor, prepared: SourceArea) -> None:
        super().__init__(room, name)
        self.editor = editor
        observers = TextObservers(_nothing, _nothing, _nothing, _nothing, self._conflict)
        SharedTextBinding(self.document, may_write, editor, prepared, observers)
        self.conflicts = 0

    def _conflict(self, _: object) -> None:
        self.conflicts += 1

    def check(self) -> None:
        """The view is the text, to the last byte and the last row."""
        text, source = self.document.text(), self.editor.source
        assert self.editor.text == text
        assert source.lines == [show_line(line) for line in text.split("\n")]
        assert source.offset_of(source.end) == len(text.encode())
        wrapped = self.editor.wrapped_document
        assert isinstance(wrapped, SourceWrappedDocument)
        anew = SourceWrappedDocument(source, self.editor.wrap_width, self.editor.indent_width)
        assert (wrapped.lines, wrapped.height) == (anew.lines, anew.height)
        for row, column in self.editor.selection:
            assert 0 <= row < source.line_count
            assert 0 <= column <= len(source[row])

    def act(self, chance: random.Random) -> None:
        """Do something that a person might do."""
        editor = self.editor
        place = self._place(chance)
        match chance.randrange(9):
            case 0 | 1 | 2:
                editor.insert(chance.choice(WORDS), place)
            case 3:
                editor.delete(place, self._place(chance), maintain_selection_offset=False)
            case 4:
                editor.replace(chance.choice(WORDS), place, self._place(chance))
            case 5:
                editor.move_cursor(place, select=chance.random() < 0.5)
            case 6:
                editor.action_delete_left()
            case 7:
                editor.undo()
            case _:
                editor.redo()

    def _place(self, chance: random.Random) -> tuple[int, int]:
        row = chance.randrange(self.editor.document.line_count)
        return row, chance.randint(0, len(self.editor.document[row]))

    def exchange(self, chance: random.Random) -> None:
        """Let some of what is on its way go on."""
        match chance.randrange(8):
            case 0 | 1:
                self.send(chance.randint(1, 4))
            case 2 | 3:
                self.arrive_at_server(chance.randint(1, 4))
            case 4 | 5 | 6:
                self.read(chance.randint(1, 6), prefers_bulk=chance.random() < 0.5)
            case _:
                if not self.is_connected:
                    self.connect()
                elif chance.random() < 0.2:
                    self.cut()


def settle(members: list[Member]) -> None:
    """Everybody comes back, and everything arrives."""
    for _ in range(12):
        for member in members:
            if not member.is_connected:
                member.connect()
            member.read()
            member.send()
            member.arrive_at_server()
    for member in members:
        member.read()
        assert member.document.unsent == 0


@pytest.mark.parametrize("seed", range(12))
async def test_every_view_is_its_text_at_every_step_and_all_are_equal_in_the_end(
    seed: int,
) -> None:
    chance = random.Random(seed)
    room = Room("den", 0.0)
    room.document.write(SOURCE, chance.choice(["", "print(1)\n", "🙂é\r\n" * 40]))
    app = EditorApp(2 + seed % 2)
    async with app.run_test(size=(60, 30)) as pilot:
        pairs = zip(app.editors, app.inputs, strict=True)
        members = [Member(room, f"w{number}", *pair) for number, pair in enumerate(pairs)]
        for number, member in enumerate(members):
            member.editor.soft_wrap = bool((seed + number) % 2)
            member.connect()
        settle(members)
        members[0].editor.set_syntax(load_syntax("python"))
        for step in range(STEPS):
            member = chance.choice(members)
            member.act(chance)
            for each in members:
                each.exchange(chance)
                each.check()
            if step % 10 == 0:
                await pilot.pause()
        settle(members)
        await pilot.pause()
        for member in members:
            member.check()
            assert member.editor.text == room.document.texts[SOURCE]
            assert not member.conflicts, "nobody's words were set aside"
