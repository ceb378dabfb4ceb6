"""Shows one past job: how its source differs from the room's text, and its output."""

from collections.abc import Iterator, Sequence
from difflib import unified_diff
from enum import Enum
from itertools import islice
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from codesync_protocol.messages import PastJob
from codesync_protocol.printable import show_line
from codesync_tui.dialogs.dialog import Dialog
from codesync_tui.dialogs.history import moment
from codesync_tui.formatting import labels

LINES_MAX = 2000
"""How many lines of the difference and of the output are shown."""

_STYLES = {"+": "$success", "-": "$error", "@": "$dim"}


class PastJobAction(Enum):
    """What to do with the past job."""

    RUN = "run"
    COPY = "copy"
    USE = "use"
    """Replace the room's text by the job's source."""


class PastJobScreen(Dialog[PastJobAction]):
    """Shows one past job.

    Args:
        past: the job.
        source: its main file.
        today: the room's text.
        output: its output, without control characters.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r,ctrl+r,f5", "answer('run')", show=False),
        Binding("c,ctrl+y", "answer('copy')", show=False),
        Binding("u", "answer('use')", show=False),
    ]

    DEFAULT_CSS = """
    PastJobScreen > .dialog { width: 100%; height: 100%; }
    PastJobScreen VerticalScroll { height: 1fr; scrollbar-size-vertical: 1; }
    PastJobScreen VerticalScroll > Static { height: auto; text-wrap: nowrap; }
    """

    def __init__(self, past: PastJob, source: str, today: str, output: Sequence[str]) -> None:
        super().__init__()
        self._past = past
        self._source = source
        self._today = today
        self._output = output

    def compose(self) -> ComposeResult:
        """Compose the result, the difference, the output and the list of keys."""
        job = self._past.summary
        title = f"{show_line(job.file_name)} by {show_line(job.name)}, {moment(job.submitted_at)}"
        with Vertical(classes="dialog"):
            yield Static(Content(title), classes="dialog--title", markup=False)
            with VerticalScroll():
                yield Static(Content("\n").join(self._lines()), markup=False)
            yield Static(
                Content(
                    "r runs it again, c copies its output, u makes its source the room's text"
                    " (ctrl+z takes it back), escape goes back."
                ),
                classes="dialog--hint",
                markup=False,
            )

    def on_mount(self) -> None:
        """Focus the text, so that the arrow keys scroll it."""
        self.query_one(VerticalScroll).focus()

    def _lines(self) -> Iterator[Content]:
        result = self._past.summary.result
        if result is not None:
            mark, colour = labels.verdict_mark(result.verdict)
            ending = labels.ending(result, self._past.by)
            figures = "  " + " · ".join(ending.figures) if ending.figures else ""
            yield Content.assemble((f"{mark} {ending.word}", f"{colour} bold"), (figures, "$dim"))
            if ending.explanation:
                yield Content(ending.explanation)
        yield Content("")
        yield Content.styled("Its source beside today's text", "bold")
        yield from self._difference()
        yield Content("")
        yield Content.styled("What it wrote", "bold")
        yield from (Content(line) for line in self._output[-LINES_MAX:])
        if not self._output:
            yield Content.styled("nothing", "$dim")

    def _difference(self) -> Iterator[Content]:
        if self._source == self._today:
            yield Content.styled("the same", "$dim")
            return
        lines = unified_diff(
            self._today.split("\n"), self._source.split("\n"), "today", "then", lineterm=""
        )
        for line in islice(lines, LINES_MAX):
            yield Content.styled(show_line(line), _STYLES.get(line[:1], "$foreground"))

    def action_answer(self, name: str) -> None:
        """Close the dialog and return the action."""
        self.dismiss(PastJobAction(name))
