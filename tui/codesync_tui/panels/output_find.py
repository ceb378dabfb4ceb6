"""The search line below the output."""

from bisect import bisect_left, bisect_right
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input, Static

from codesync_tui.editor.text_search import search_pattern
from codesync_tui.panels.output import OutputPane


class OutputFind(Horizontal):
    """Finds text in the output of its screen.

    Args:
        id: the widget's id.
    """

    ALLOW_SELECT = False

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", show=False),
        Binding("up", "go(-1)", "Previous", show=False),
        Binding("down", "go(1)", "Next", show=False),
    ]

    DEFAULT_CSS = """
    OutputFind {
        height: 1;
        display: none;
        background: $bar;
        &.-shown { display: block; }
        & > Static { width: auto; color: $bar-text; }
        & > Input { width: 1fr; background: $line; height: 1; border: none; padding: 0; }
        & > Input:focus { background-tint: transparent; border: none; }
    }
    """

    def compose(self) -> ComposeResult:
        """Compose the search field and the number of matches."""
        yield Static(Content.styled(" Find ", "bold"), markup=False)
        line = Input(compact=True, select_on_focus=True)
        line.cursor_blink = False
        yield line
        yield Static("", id="output-count", markup=False)

    @property
    def _output(self) -> OutputPane:
        return self.screen.query_one(OutputPane)

    def open(self) -> None:
        """Show and focus the line."""
        self.add_class("-shown")
        line = self.query_one(Input)
        self.screen.set_focus(line)  # immediately, for the next key
        self._output.highlight(line.value)

    def action_close(self) -> None:
        """Hide the line and focus the output."""
        self.remove_class("-shown")
        self._output.highlight("")
        self._output.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Search while the user types, and show the last match above the end of the view."""
        event.stop()
        self._output.highlight(event.value)
        rows = self._search()
        if rows:
            self._show_match(rows, bisect_right(rows, self._output.last_row) - 1)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go to the previous match, which is older output."""
        event.stop()
        self.action_go(-1)

    def action_go(self, step: int) -> None:
        """Go to the next or the previous match; the search wraps around."""
        rows = self._search()
        if rows:
            here = self._output.shown_match
            index = bisect_left(rows, here) - 1 if step < 0 else bisect_right(rows, here)
            self._show_match(rows, index)

    def _search(self) -> list[int]:
        needle = self.query_one(Input).value
        rows = (
            sorted(set(self._output.transcript.find_rows(search_pattern(needle)))) if needle else []
        )
        if not rows:
            self._show_count(" none " if needle else "")
        return rows

    def _show_match(self, rows: list[int], index: int) -> None:
        index %= len(rows)
        self._output.show_row(rows[index])
        self._show_count(f" {index + 1} of {len(rows)} ")

    def _show_count(self, text: str) -> None:
        self.query_one("#output-count", Static).update(Content(text))
