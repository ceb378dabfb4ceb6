"""Searches the room's past jobs while the user types; the latest job comes first."""

from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable, Sequence
from contextlib import aclosing
from enum import Enum
from time import localtime, strftime, time
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option
from textual.worker import Worker

from codesync_client import ClientError
from codesync_protocol.messages import HistoryPage, PastJob
from codesync_protocol.printable import show_line
from codesync_tui.dialogs.dialog import Dialog
from codesync_tui.formatting import labels
from codesync_tui.formatting.columns import column_count, fit, share_width

FindJobs = Callable[[str, int], AsyncGenerator[HistoryPage]]
"""Searches jobs, given the search text and the place before which they must be (0 for all).

Yields pages until enough jobs are found; a page may be empty.
"""

_TITLE = "Past programs"

SEARCH_DELAY_SECONDS = 0.2
"""The delay between the last key and the search."""

_HINT = "words, who:NAME lang:NAME is:VERDICT"
_KEYS = "enter shows, ctrl+r runs again, ctrl+y copies the output, escape closes."
_MOST, _LEAST = (16, 40, 15, 11, 6), (7, 10, 12, 11, 8)
"""Columns of name, file, verdict, time and duration; the least widths include the gap."""

_GAP = 2
"""Columns between two columns of text."""

_WEEK = 7 * 86_400.0


class HistoryAction(Enum):
    """What to do with the selected past job."""

    SHOW = "show"
    RUN = "run"
    COPY = "copy"


class PastJobList(OptionList):
    """The list of the jobs that were found; it reports changes of its width."""

    _reported_columns = 0

    class WidthChanged(Message):
        """Posted when the rows became wider or narrower."""

    @property
    def columns(self) -> int:
        """The width of a row; 0 before the first layout."""
        return self.scrollable_content_region.width

    def on_resize(self) -> None:
        """Report the new width, unless only the height changed."""
        if self.columns != self._reported_columns:
            self._reported_columns = self.columns
            self.post_message(self.WidthChanged())


class HistoryScreen(Dialog[tuple[PastJob, HistoryAction]]):
    """Shows the room's past jobs.

    Args:
        find: searches jobs.
        typed: the text of the last search.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "move(1)", show=False, priority=True),
        Binding("up", "move(-1)", show=False, priority=True),
        Binding("pagedown", "move(10)", show=False, priority=True),
        Binding("pageup", "move(-10)", show=False, priority=True),
        Binding("ctrl+r,f5", "answer('run')", show=False, priority=True),
        Binding("ctrl+y", "answer('copy')", show=False, priority=True),
    ]

    DEFAULT_CSS = """
    HistoryScreen > .dialog { width: 100%; height: 100%; }
    HistoryScreen Input { border: none; height: 1; padding: 0; background: $bar; }
    HistoryScreen OptionList { height: 1fr; text-wrap: nowrap; scrollbar-size-vertical: 1;
        scrollbar-gutter: stable; border: none; padding: 0; background: $panel; }
    HistoryScreen OptionList:focus { border: none; background-tint: transparent; }
    """

    def __init__(self, find: FindJobs, typed: str = "") -> None:
        super().__init__()
        self._find = find
        self.query_text = typed
        self._jobs: list[PastJob] = []
        self._next_before = 0
        self._worker: Worker[None] | None = None

    def compose(self) -> ComposeResult:
        """Compose the search field, the results and the list of keys."""
        with Vertical(classes="dialog"):
            yield Static(Content(_TITLE), classes="dialog--title", markup=False)
            yield Input(self.query_text, placeholder=_HINT, compact=True, select_on_focus=True)
            yield PastJobList(markup=False, compact=True)
            yield Static(Content(_KEYS), classes="dialog--hint", markup=False)

    def on_mount(self) -> None:
        """Show all jobs."""
        self.query_one(OptionList).can_focus = False
        self.query_one(Input).focus()
        self._search(wait=False)

    @on(Input.Changed)
    def _query_changed(self, event: Input.Changed) -> None:
        event.stop()
        if event.value != self.query_text:
            self.query_text = event.value
            self._search(wait=True)

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_answer(HistoryAction.SHOW.value)

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.action_answer(HistoryAction.SHOW.value)

    @on(PastJobList.WidthChanged)
    def _width_changed(self, event: PastJobList.WidthChanged) -> None:
        event.stop()
        if self._jobs:  # otherwise the list shows a message
            self._show_jobs()

    def refresh_jobs(self) -> None:
        """Fetch jobs that ended since the last search."""
        if self.is_attached:
            self.run_worker(self._fetch_new(), group="history-renewal", exclusive=True)

    async def _fetch_new(self) -> None:
        typed = self.query_text
        try:
            async with aclosing(self._find(typed, 0)) as pages:
                page = await anext(pages)
        except ClientError:
            return  # the next search shows the error
        if typed != self.query_text:
            return
        latest = self._jobs[0].place if self._jobs else 0
        new = [each for each in page.jobs if each.place > latest]
        if not new:
            return
        if not self._jobs:
            self._next_before = page.next_before
        highlighted = self.query_one(OptionList).highlighted
        self._jobs = [*new, *self._jobs]
        self._show_jobs()
        if highlighted:  # if the first job was selected, select the new first one
            self.query_one(OptionList).highlighted = highlighted + len(new)

    def action_move(self, by: int) -> None:
        """Move the selection; past the last job, fetch more jobs."""
        options = self.query_one(OptionList)
        at = (options.highlighted or 0) + by
        is_searching = self._worker is not None and not self._worker.is_finished
        if at >= len(self._jobs) and self._next_before and not is_searching:
            self._run_search(self._fetch(self._next_before))
        if self._jobs:
            options.highlighted = min(max(0, at), len(self._jobs) - 1)

    def action_answer(self, name: str) -> None:
        """Close the dialog and return the selected job and the action."""
        at = self.query_one(OptionList).highlighted
        if at is not None and at < len(self._jobs):
            self.dismiss((self._jobs[at], HistoryAction(name)))

    def _search(self, *, wait: bool) -> None:
        self._run_search(self._find_first(wait=wait))

    def _run_search(self, search: Coroutine[Any, Any, None]) -> None:
        """Run a search instead of the present one."""
        self._worker = self.run_worker(search, group="history", exclusive=True)

    async def _find_first(self, *, wait: bool) -> None:
        if wait:
            typed = self.query_text
            self.set_timer(SEARCH_DELAY_SECONDS, lambda: self._search_unless_changed(typed))
            return
        await self._fetch(0)

    def _search_unless_changed(self, typed: str) -> None:
        if typed == self.query_text:
            self._search(wait=False)

    async def _fetch(self, before: int) -> None:
        typed, is_first = self.query_text, not before
        try:
            async with aclosing(self._find(typed, before)) as pages:
                async for page in pages:
                    if typed != self.query_text:
                        return  # the search has changed meanwhile
                    self._jobs = [*([] if is_first else self._jobs), *page.jobs]
                    self._next_before, is_first = page.next_before, False
                    if self._jobs:
                        self._show_jobs()
                    self._show_title(f", searching {self._left}" if self._next_before else "")
            self._show_found()
        except ClientError as error:
            self._show_message(error.reason)
        finally:
            self._show_title("")

    @property
    def _left(self) -> str:
        return f"at most {self._next_before - 1:,} earlier programs"

    def _show_found(self) -> None:
        """Show the jobs found so far, or why the list is empty."""
        if self._jobs:
            self._show_jobs()
        elif self._next_before:
            self._show_message(f"Nothing found yet. Press down to search {self._left}.")
        else:
            self._show_message(
                "Nothing like that was run here."
                if self.query_text
                else "Nothing was run here yet."
            )

    def _show_title(self, progress: str) -> None:
        for title in self.query(".dialog--title").results(Static):
            title.update(Content(f"{_TITLE}{progress}"))

    def _show_jobs(self) -> None:
        for options in self._options():
            at, columns = options.highlighted, options.columns
            options.clear_options()
            options.add_options(map(Option, _rows(self._jobs, columns)))
            if self._jobs:
                options.highlighted = min(at or 0, len(self._jobs) - 1)

    def _show_message(self, sentence: str) -> None:
        for options in self._options():
            options.clear_options()
            options.add_option(Option(Content.styled(show_line(sentence), "$dim"), disabled=True))

    def _options(self) -> Iterable[PastJobList]:
        """Return the list; nothing before it is mounted and after it is removed."""
        return self.query(PastJobList)


def _rows(jobs: Sequence[PastJob], width: int) -> list[Content]:
    """Format jobs in columns that are as wide as their contents, if they fit."""
    if not jobs:
        return []
    cells = [_cells(each) for each in jobs]
    texts = [[column_count(text) for text, _ in row] for row in cells]
    longest = [max(column) for column in zip(*texts, strict=True)]
    wanted = [min(each, most) + _GAP for each, most in zip(longest, _MOST, strict=True)]
    widths = share_width(width, wanted, list(map(min, wanted, _LEAST)))
    return [
        Content.assemble(
            *(
                (f"{fit(text, columns - _GAP)}{' ' * _GAP}", style)
                for (text, style), columns in zip(row, widths, strict=True)
                if columns
            )
        )
        for row in cells
    ]


def _cells(past: PastJob) -> list[tuple[str, str]]:
    """Return name, file, verdict, time and duration; the least important comes last."""
    job, result = past.summary, past.summary.result
    verdict = labels.verdict(result.verdict) if result else ""
    return [
        (job.name, ""),
        (job.file_name, "bold"),
        (verdict, labels.verdict_mark(result.verdict)[1] if result else "$dim"),
        (moment(job.submitted_at), "$dim"),
        (f"{labels.short_duration(result.wall_seconds):>6}" if result else "", "$dim"),
    ]


def moment(at: float) -> str:
    """Format a time in at most eleven columns: "14:03", "Mon 14:03", "24 Nov", "2025-11-24".

    Args:
        at: seconds since the Unix epoch.
    """
    now = time()
    then, ago = localtime(at), now - at
    if strftime("%F", then) == strftime("%F", localtime(now)):
        return strftime("%H:%M", then)
    if 0 <= ago < _WEEK:
        return strftime("%a %H:%M", then)
    return strftime("%d %b" if ago < 50 * _WEEK else "%F", then)
