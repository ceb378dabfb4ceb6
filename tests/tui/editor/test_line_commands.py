"""Comments, indentation and brackets, also while others write in the same lines."""

import random
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesync_client.document.change import Splice
from codesync_protocol.shared_text import SOURCE
from codesync_server.rooms.room import Room
from codesync_tui.editor import CodeEditor, source_area
from codesync_tui.editor.line_commands import apply_line_command, wrap_selection
from codesync_tui.editor.line_edits import (
    LineEdit,
    comment_prefix,
    indent_lines,
    is_empty_pair,
    should_close,
    toggle_comments,
    unindent_lines,
)
from codesync_tui.editor.line_sizes import LineSizes
from codesync_tui.editor.splices import apply_splices
from codesync_tui.editor.syntax import load_syntax
from codesync_tui.editor.text_search import replacements
from tests.tui.room.test_convergence import EditorApp, Member, settle


def done(lines: Sequence[str], pieces: Sequence[LineEdit]) -> list[str]:
    """Lines after a command."""
    after = list(lines)
    for piece in pieces:
        line, end = after[piece.row], piece.column + piece.deleted
        after[piece.row] = line[: piece.column] + piece.inserted + line[end:]
    return after


def toggled(lines: Sequence[str], mark: str = "#") -> list[str]:
    """Lines as comments, or comments as lines."""
    return done(lines, toggle_comments(lines, mark))


def test_lines_become_comments_at_one_column_and_lines_again() -> None:
    lines = ["    if x:", "", "        y()"]
    commented = ["    # if x:", "", "    #     y()"]
    assert toggled(lines) == commented
    assert toggled(commented) == lines
    assert toggled(["#x", "#  y"]) == ["x", " y"]
    assert toggled(["", " "]) == ["", " "]


def test_comments_among_lines_become_comments_of_comments() -> None:
    assert toggled(["// a", "b"], "//") == ["// // a", "// b"]


@given(st.lists(st.text(" \tab#", max_size=6)))
def test_twice_is_as_before(lines: list[str]) -> None:
    if any(line.strip() and not line.lstrip().startswith("#") for line in lines):
        assert toggled(toggled(lines)) == lines


def test_lines_move_to_the_next_level_and_back() -> None:
    lines = ["a", "", "    b", "  c"]
    moved = done(lines, indent_lines(lines, 4))
    assert moved == ["    a", "", "        b", "    c"]
    assert done(moved, unindent_lines(moved, 4)) == ["a", "", "    b", "c"]
    assert done(["\ta", "b", " c"], indent_lines(["\ta", "b", " c"], 4)) == [
        "\t\ta",
        "\tb",
        "    c",
    ]


def test_languages_have_their_own_marks() -> None:
    assert (comment_prefix("python"), comment_prefix("cpp")) == ("#", "//")


def test_a_bracket_is_closed_where_nothing_stands_behind_it() -> None:
    assert should_close("(", "")
    assert should_close("{", ")")
    assert not should_close("(", "x")
    assert not should_close(")", "")
    assert is_empty_pair("[", "]")
    assert not is_empty_pair("(", "]")
    assert not is_empty_pair("", "")


def test_pieces_are_counted_as_they_are_done() -> None:
    assert apply_splices("aéb", [Splice(0, 1, "éé"), Splice(4, 2, ""), Splice(5, 0, "c")]) == "éébc"


@given(st.lists(st.text("aé", max_size=3), min_size=1, max_size=300), st.data())
def test_places_are_counted_right_however_many_are_replaced(
    lines: list[str], data: st.DataObject
) -> None:
    sizes = LineSizes(lines)
    for _ in range(4):
        first = data.draw(st.integers(0, len(lines) - 1))
        last = data.draw(st.integers(first + 1, len(lines)))
        fresh = data.draw(st.lists(st.text("aé", max_size=3), min_size=1, max_size=3))
        lines[first:last] = fresh
        sizes.replace(first, last, fresh)
        row = data.draw(st.integers(0, len(lines) - 1))
        start = sum(len(line.encode()) + 1 for line in lines[:row])
        assert sizes.row(start) == row
        assert sizes.row(start + len(lines[row].encode())) == row
        assert sizes.start(row) == start
    assert sizes.row(1 << 30) == len(lines) - 1
    assert sizes.start(len(lines)) == len("\n".join([*lines, ""]).encode())


# While others write.

LINES = "def f(x):\n    if x:\n        y = x\n    g(1)\n    return x\n"


@asynccontextmanager
async def two(text: str) -> AsyncGenerator[tuple[Member, Member]]:
    """Two members at a text; nothing of what they do goes anywhere until they settle."""
    room = Room("den", 0.0)
    room.document.write(SOURCE, text)
    app = EditorApp(2)
    async with app.run_test(size=(60, 30)):
        pairs = zip(app.editors, app.inputs, strict=True)
        ana, ben = (Member(room, f"w{number}", *pair) for number, pair in enumerate(pairs))
        for member in (ana, ben):
            member.connect()
        settle([ana, ben])
        ana.editor.set_syntax(load_syntax("python"))
        yield ana, ben


def select(editor: CodeEditor, start: tuple[int, int], end: tuple[int, int]) -> None:
    """Select a piece."""
    editor.move_cursor(start)
    editor.move_cursor(end, select=True)


async def test_what_another_types_into_lines_that_become_comments_stays() -> None:
    async with two(LINES) as (ana, ben):
        select(ana.editor, (0, 3), (4, 5))
        ben.editor.move_cursor((2, 12))
        ana.editor.toggle_comment()
        ben.editor.insert("new ", maintain_selection_offset=False)
        settle([ana, ben])
        lines = [
            "# def f(x):",
            "#     if x:",
            "#         y = new x",
            "#     g(1)",
            "#     return x",
            "",
        ]
        assert ana.editor.text == ben.editor.text == "\n".join(lines)
        assert ben.editor.cursor_location == (2, 18), "behind what they typed"
        assert ana.editor.selection == ((0, 5), (4, 7))
        ana.editor.undo()
        settle([ana, ben])
        assert ana.editor.text == ben.editor.text == LINES.replace("y = ", "y = new ")
        assert ana.editor.selection == ((0, 3), (4, 5)), "taken back, the same is selected"
        ana.editor.redo()
        assert ana.editor.text == "\n".join(lines)


async def test_what_another_types_at_the_beginning_of_indented_lines_stays_there() -> None:
    async with two(LINES) as (ana, ben):
        select(ana.editor, (1, 0), (5, 0))
        ben.editor.insert("not_", (3, 4))
        apply_line_command(ana.editor, lambda lines: indent_lines(lines, 4))
        assert ana.editor.selection == ((1, 0), (5, 0))
        settle([ana, ben])
        assert ana.editor.text.split("\n")[1:4] == [
            "        if x:", "            y = x", "        not_g(1)",
        ]  # fmt: skip
        apply_line_command(ana.editor, lambda lines: unindent_lines(lines, 4))
        ana.editor.undo()
        ana.editor.undo()
        settle([ana, ben])
        assert ana.editor.text == ben.editor.text == LINES.replace("g(1)", "not_g(1)")


async def test_what_another_types_into_what_is_put_in_brackets_stays() -> None:
    async with two("a = b\nc = d\n") as (ana, ben):
        select(ana.editor, (1, 3), (0, 4))
        ben.editor.insert("2", (1, 1))
        wrap_selection(ana.editor, "(", ")")
        assert ana.editor.selection == ((1, 3), (0, 5)), "the same is selected"
        settle([ana, ben])
        assert ana.editor.text == ben.editor.text == "a = (b\nc2 =) d\n"
        ana.editor.undo()
        settle([ana, ben])
        assert ben.editor.text == "a = b\nc2 = d\n"


async def test_what_another_types_between_places_that_are_replaced_stays() -> None:
    async with two("foo = 1\nfoo = 2\nfoo = 3\n") as (ana, ben):
        ben.editor.insert("2", (1, 7))
        ben.editor.move_cursor((1, 3))
        ana.editor.splice(replacements(ana.editor.text.split("\n"), "foo", "x"))
        settle([ana, ben])
        assert ana.editor.text == ben.editor.text == "x = 1\nx = 22\nx = 3\n"
        assert ben.editor.cursor_location == (1, 1)


async def test_so_does_what_is_typed_between_places_of_one_line() -> None:
    async with two("foo(a, foo)\n") as (ana, ben):
        ben.editor.insert("b", (0, 5))
        ana.editor.splice(replacements(ana.editor.text.split("\n"), "foo", "x"))
        settle([ana, ben])
        assert ana.editor.text == ben.editor.text == "x(ab, x)\n"


async def test_very_many_lines_are_changed_in_one_step_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_area, "PIECES_MAX", 3)
    async with two(LINES) as (ana, ben):
        ana.editor.select_all()
        ana.editor.toggle_comment()
        settle([ana, ben])
        assert ben.editor.text == "\n".join([*toggled(LINES.split("\n")[:-1]), ""])
        ana.editor.undo()
        assert ana.editor.text == LINES


@pytest.mark.parametrize("seed", range(6))
async def test_nothing_that_is_typed_while_another_gives_commands_is_lost(seed: int) -> None:
    chance, unused = random.Random(seed), map(chr, count(ord("一")))
    typed: set[str] = set()
    async with two(LINES) as (ana, ben):
        for _ in range(40):
            _command(ana.editor, chance)
            for _ in range(chance.randrange(4)):
                character = next(unused)
                ben.editor.insert(character, _place(ben.editor, chance))
                typed.add(character)
            for member in (ana, ben):
                member.exchange(chance)
                member.check()
        settle([ana, ben])
        ana.check()
        assert ana.editor.text == ben.editor.text
        assert typed <= set(ana.editor.text)


def _place(editor: CodeEditor, chance: random.Random) -> tuple[int, int]:
    row = chance.randrange(editor.document.line_count)
    return row, chance.randint(0, len(editor.document[row]))


def _command(editor: CodeEditor, chance: random.Random) -> None:
    select(editor, _place(editor, chance), _place(editor, chance))
    match chance.randrange(4):
        case 0:
            editor.toggle_comment()
        case 1:
            apply_line_command(editor, lambda lines: indent_lines(lines, 4))
        case 2:
            editor.action_unindent()
        case _:
            editor.undo()
