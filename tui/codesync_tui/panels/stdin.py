"""The input pane: stdin prepared for the next run, and the answer line."""

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from codesync_tui.editor.source_area import SourceArea
from codesync_tui.formatting.columns import shorten
from codesync_tui.panels.answer_line import AnswerLine

_PLACEHOLDER = "stdin for the next run; empty: type while it runs"


class StdinPane(Vertical):
    """Shows what programs read from stdin.

    Args:
        id: the widget's id.
    """

    ALLOW_SELECT = False

    DEFAULT_CSS = """
    StdinPane {
        height: auto;
        display: none;
        &.-prepares, &.-answers { display: block; }
        & > SourceArea {
            height: 4;
            border: none;
            padding: 0;
            background: $background;
            display: none;
            scrollbar-size-vertical: 1;
            &:focus { border: none; }
            & .text-area--cursor-line { background: $background; }
        }
        &.-prepares > SourceArea { display: block; }
        & > Horizontal {
            height: 1;
            display: none;
            background: $bar;
            & > Static { width: auto; color: $bar-text; text-style: bold; }
            & > AnswerLine { width: 1fr; background: $bar; }
            & > AnswerLine:focus { background-tint: transparent; }
        }
        &.-answers > Horizontal { display: block; }
    }
    """

    def compose(self) -> ComposeResult:
        """Compose the prepared input and the answer line below it."""
        prepared = SourceArea(id="prepared", placeholder=Content(_PLACEHOLDER))
        prepared.cursor_blink = False
        yield prepared
        with Horizontal():
            yield Static(markup=False, id="answer-label")
            yield AnswerLine(id="answer")

    @property
    def prepared(self) -> SourceArea:
        """The prepared input."""
        return self.query_one("#prepared", SourceArea)

    @property
    def answer(self) -> AnswerLine:
        """The answer line."""
        return self.query_one("#answer", AnswerLine)

    @property
    def shows_answer_line(self) -> bool:
        """Whether the answer line is shown, because a program can be typed to."""
        return self.has_class("-answers")

    @property
    def shows_prepared(self) -> bool:
        """Whether the prepared input is shown."""
        return self.has_class("-prepares")

    def show_prepared(self, *, shown: bool) -> None:
        """Show or hide the prepared input; its text stays."""
        self.set_class(shown, "-prepares")

    def show_target(self, label: str) -> None:
        """Show which program receives the answer line.

        Args:
            label: e.g. "ana's main.py"; empty if there is none.
        """
        self.set_class(bool(label), "-answers")
        self.query_one("#answer-label", Static).update(Content(f" {shorten(label, 28)} > "))

    def input_widget(self) -> Widget | None:
        """Return the widget for input: the answer line if a program can be typed to."""
        if self.shows_answer_line:
            return self.answer
        return self.prepared if self.shows_prepared else None
