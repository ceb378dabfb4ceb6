"""The answer line sends pasted lines, and none of them controls the terminal."""

from textual import events
from textual.app import App, ComposeResult

from codesync_tui.panels.answer_line import AnswerLine


class OneLine(App[None]):
    """The line alone."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[str] = []

    def compose(self) -> ComposeResult:
        """The line alone."""
        yield AnswerLine()

    def on_answer_line_lines_entered(self, message: AnswerLine.LinesEntered) -> None:
        """Note what is sent."""
        self.sent.append(message.text)


async def test_several_lines_are_sent_one_by_one_and_the_rest_stays() -> None:
    app = OneLine()
    async with app.run_test() as pilot:
        await pilot.press("0")
        app.post_message(events.Paste("1\r\n2\rrest"))
        await pilot.pause()
        assert app.sent == ["01\n", "2\n"]
        assert app.query_one(AnswerLine).value == "rest"


async def test_controls_are_sent_as_they_are_shown() -> None:
    app = OneLine()
    async with app.run_test() as pilot:
        app.post_message(events.Paste("\x1b[31mred\x07\n"))
        await pilot.pause()
        assert app.sent == ["␛[31mred␇\n"]


async def test_an_empty_line_is_sent_and_not_remembered() -> None:
    app = OneLine()
    async with app.run_test() as pilot:
        await pilot.press("enter", "up")
        assert app.sent == ["\n"]
        assert app.query_one(AnswerLine).value == ""


async def test_what_is_selected_is_copied_and_interrupts_nothing() -> None:
    app = OneLine()
    async with app.run_test() as pilot:
        await pilot.press("a", "shift+left", "ctrl+c")
        assert app.clipboard == "a"
