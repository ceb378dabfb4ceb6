"""The find-and-replace line at the bottom of the screen."""

from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input, Static

from codesync_protocol.printable import show_line
from codesync_tui.editor import CodeEditor
from codesync_tui.editor.text_search import TextMatch, find_all, next_match_index, replacements

_HINT_COLUMNS = 70
"""With fewer columns the hints are hidden."""


class FindLine(Horizontal):
    """Finds and replaces text in the editor of its screen.

    Args:
        id: the widget's id.
    """

    ALLOW_SELECT = False

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", show=False),
        Binding("up", "previous", "Previous", show=False),
        Binding("down", "next", "Next", show=False),
        Binding("tab,shift+tab", "other_field", "Other field", show=False, priority=True),
        Binding("ctrl+y", "all", "Replace all", show=False),
    ]

    DEFAULT_CSS = """
    FindLine {
        height: 1;
        display: none;
        background: $bar;
        &.-shown { display: block; }
        & > Static { width: auto; color: $bar-text; }
        &.-narrow > .hint { display: none; }
        & > Input { width: 1fr; background: $line; height: 1; border: none; padding: 0; }
        & > Input:focus { background-tint: transparent; border: none; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(id=id)
        self._matches: list[TextMatch] = []

    def compose(self) -> ComposeResult:
        """Compose the search field, the number of matches and the replacement field."""
        yield Static(Content.styled(" Find ", "bold"), markup=False)
        yield self._input("find")
        yield Static("", id="find-count", markup=False)
        yield Static(Content.styled(" Replace ", "bold"), markup=False)
        yield self._input("replace")
        hint = Content.styled(" enter, ↑↓, ctrl+y all ", "$dim")
        yield Static(hint, classes="hint", markup=False)

    def _input(self, name: str) -> Input:
        line = Input(id=name, compact=True, select_on_focus=True)
        line.cursor_blink = False
        return line

    @property
    def _editor(self) -> CodeEditor:
        return self.screen.query_one(CodeEditor)

    @property
    def _needle(self) -> str:
        return self.query_one("#find", Input).value

    def open(self) -> None:
        """Show the line and search for the selected text."""
        selected = self._editor.selected_text
        find = self.query_one("#find", Input)
        if selected and "\n" not in selected:
            find.value = show_line(selected)
        self.add_class("-shown")
        self.screen.set_focus(find)  # immediately, for the next key
        self._search()

    def on_resize(self, event: events.Resize) -> None:
        """Hide the hints if there is no room for them."""
        self.set_class(event.size.width < _HINT_COLUMNS, "-narrow")

    def action_close(self) -> None:
        """Hide the line and focus the editor."""
        self.remove_class("-shown")
        self._editor.focus()

    def action_other_field(self) -> None:
        """Focus the other field."""
        fields = list(self.query(Input))
        fields[1 if fields[0].has_focus else 0].focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Search while the user types."""
        event.stop()
        if event.input.id == "find" and self.has_class("-shown"):
            self._search()
            if self._matches:
                start = min(self._editor.selection)
                self._show_match(next_match_index(self._matches, start))

    @on(Input.Submitted, "#find")
    def action_next(self) -> None:
        """Go to the next match."""
        self._search()
        if self._matches:
            start, end = sorted(self._editor.selection)
            after = end if TextMatch(start, end) in self._matches else start
            self._show_match(next_match_index(self._matches, after))

    def action_previous(self) -> None:
        """Go to the previous match."""
        self._search()
        if self._matches:
            self._show_match(
                next_match_index(self._matches, min(self._editor.selection), back=True)
            )

    @on(Input.Submitted, "#replace")
    def _replace(self) -> None:
        """Replace the selected match and go to the next one."""
        start, end = sorted(self._editor.selection)
        self._search()
        if TextMatch(start, end) in self._matches and not self._editor.read_only:
            replacement = self.query_one("#replace", Input).value
            self._editor.replace(replacement, start, end, maintain_selection_offset=False)
        self.action_next()

    def action_all(self) -> None:
        """Replace every match."""
        if not self._needle or self._editor.read_only:
            return
        lines = self._editor.text.split("\n")
        pieces = replacements(lines, self._needle, self.query_one("#replace", Input).value)
        if pieces:
            self._editor.splice(pieces)
        self._search()
        self._show_count(f" {len(pieces)} replaced ")

    def _search(self) -> None:
        self._matches = find_all(self._editor.text.split("\n"), self._needle)
        self._show_count(
            "" if not self._needle else f" {len(self._matches)} " if self._matches else " none "
        )

    def _show_match(self, index: int) -> None:
        match = self._matches[index]
        self._editor.select(match.start, match.end)
        self._show_count(f" {index + 1} of {len(self._matches)} ")

    def _show_count(self, text: str) -> None:
        self.query_one("#find-count", Static).update(Content(text))
