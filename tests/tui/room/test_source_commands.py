"""Keys for writing code: brackets, comments, finding, going to lines and errors."""

from textual import events
from textual.widgets import Input

from codesync_tui.dialogs.line_prompt import LinePrompt
from codesync_tui.panels.find_line import FindLine
from tests.tui.app_in_room import AppInRoom, app_in_room
from tests.tui.room_server import CPP, RoomServer, job_id, job_summary

SOURCE = "def f(x):\n    if x:\n        return x\n\nprint(f(1))\n"


async def ready(on: AppInRoom, text: str) -> None:
    """Put a text into the editor, the caret at its beginning."""
    await on.until(lambda: not on.editor.read_only)
    on.editor.load_text(text)
    await on.until(lambda: on.editor.text == text)


async def test_brackets_are_closed_stepped_over_and_deleted_in_pairs() -> None:
    async with app_in_room() as on:
        await ready(on, "")
        await on.press(*"f([1", "]", ")", "(", "backspace")
        assert on.editor.text == "f([1])"
        await on.press("home", "(")
        assert on.editor.text == "(f([1])", "what stands behind is not closed in"
        await on.press("backspace", "shift+end", "{")
        assert on.editor.text == "{f([1])}"


async def test_a_line_that_is_broken_between_brackets_is_indented() -> None:
    async with app_in_room() as on:
        await ready(on, "")
        await on.press(*"  f()", "space", "{", "enter", "x")
        assert on.editor.text == "  f() {\n      x\n  }"


async def test_lines_become_comments_and_lines_again_in_one_step() -> None:
    async with app_in_room() as on:
        await ready(on, SOURCE)
        on.editor.move_cursor((1, 4))
        on.editor.move_cursor((2, 10), select=True)
        await on.press("ctrl+underscore")
        assert on.editor.text.split("\n")[1:3] == ["    # if x:", "    #     return x"]
        assert on.editor.selection == ((1, 6), (2, 12))
        await on.press("ctrl+underscore")
        assert on.editor.text == SOURCE
        await on.press("ctrl+z")
        assert "# if" in on.editor.text


async def test_comments_are_those_of_the_language() -> None:
    async with app_in_room() as on:
        await ready(on, "")
        on.room.controllers.dialogs.choose_language(CPP)
        await on.until(lambda: on.editor.syntax_name == "cpp")
        await ready(on, "int x;\n")
        await on.press("ctrl+underscore")
        assert on.editor.text == "// int x;\n"


def count(on: AppInRoom) -> str:
    """What the find line says of how much there is."""
    return str(on.room.query_one("#find-count").render()).strip()


async def test_text_is_found_while_it_is_typed_and_replaced_one_by_one_or_all() -> None:
    async with app_in_room() as on:
        await ready(on, "one two\nOne three\none\n")
        await on.press("ctrl+f", *"one")
        await on.until(lambda: count(on) == "1 of 3")
        assert on.editor.selection == ((0, 0), (0, 3))
        await on.press("enter")
        assert on.editor.selection == ((1, 0), (1, 3))
        await on.press("up", "up")
        assert on.editor.selection == ((2, 0), (2, 3))
        await on.press("tab", *"1", "enter")
        assert on.editor.text == "one two\nOne three\n1\n"
        await on.until(lambda: count(on) == "1 of 2")
        await on.press("ctrl+y")
        assert on.editor.text == "1 two\n1 three\n1\n"
        assert count(on) == "2 replaced"
        await on.press("escape")
        await on.until(lambda: on.editor.has_focus)
        assert not on.room.query_one(FindLine).has_class("-shown")
        await on.press("ctrl+z")
        assert on.editor.text == "one two\nOne three\n1\n"


async def test_what_is_not_there_is_said() -> None:
    async with app_in_room() as on:
        await ready(on, "abc\n")
        await on.press("ctrl+f", *"x", "enter", "down")
        await on.until(lambda: count(on) == "none")
        assert on.editor.text == "abc\n"


async def test_going_to_a_line() -> None:
    async with app_in_room() as on:
        await ready(on, SOURCE)
        for typed, row in (("3", 2), ("99999", 5)):
            await on.press("ctrl+backslash")
            await on.until(lambda: isinstance(on.app.screen, LinePrompt))
            assert on.app.screen.query_one(Input).has_focus
            await on.press(*typed, "enter")
            assert on.editor.cursor_location[0] == row


async def test_going_from_error_to_error() -> None:
    async with app_in_room() as on:
        await ready(on, SOURCE)
        await on.press("ctrl+right_square_bracket")
        await on.until(lambda: any("no error" in notice for notice in on.notices()))
        await fail(on.server)
        await on.until(lambda: any("ValueError" in row for row in on.rows()))
        await on.press("ctrl+right_square_bracket")
        assert on.editor.cursor_location == (2, 8)
        await on.press("ctrl+right_square_bracket")
        assert on.editor.cursor_location == (4, 0)
        await on.press("ctrl+right_square_bracket")
        assert on.editor.cursor_location == (2, 8)


async def fail(server: RoomServer) -> None:
    """Somebody runs the program, and it fails."""
    job = job_id(1)
    await server.submitted(job_summary(job))
    await server.started(job)
    trace = b'  File "main.py", line 5, in <module>\n  File "main.py", line 3, in f\nValueError\n'
    await server.output(job, trace)
    await server.finished(job)


async def test_keys_that_come_in_a_burst_are_done_in_their_order() -> None:
    async with app_in_room() as on:
        await ready(on, "")
        burst = ("a", "b", "left", "x", "home", "y", "end", "z", "backspace", "w")
        for key in burst:  # as a terminal behind a slow line hands them over
            on.app.post_message(events.Key(key, key if len(key) == 1 else None))
        await on.pilot.pause()
        await on.until(lambda: "w" in on.editor.text)
        assert on.editor.text == "yaxbw"
