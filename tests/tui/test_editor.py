"""The editor: what is typed, pasted, loaded and taken back."""

from textual import events
from textual.app import App, ComposeResult

from codesync_protocol.limits import SOURCE_MAX
from codesync_tui.editor import CodeEditor
from codesync_tui.editor.source_area import SourceArea
from codesync_tui.editor.syntax import load_syntax
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
