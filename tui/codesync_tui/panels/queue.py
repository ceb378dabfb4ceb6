"""The queue pane: waiting, running and recently finished jobs."""

from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic, time
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from codesync_protocol.messages import JobState, JobSummary, Queue
from codesync_tui import theme
from codesync_tui.formatting import labels
from codesync_tui.formatting.columns import column_count, fit, share_width
from codesync_tui.terminal.textual_types import app_of

FINISHED_SHOWN = 8

_MOST = (12, 40, 14, 6)
_LEAST = (4, 7, 7, 4)
"""Columns of name, file, state and time."""

_BETWEEN = 5
"""Columns of the mark and of the gaps."""


@dataclass(frozen=True, slots=True)
class _QueueRow:
    job: str
    mark: str
    style: str
    name: str
    colour: int
    title: str
    state: str
    age: str


class QueuePane(OptionList, inherit_css=True):
    """Shows waiting and running jobs, and how the last ones ended.

    Args:
        id: the widget's id.
        classes: its CSS classes.
    """

    DEFAULT_CSS = """
    QueuePane {
        border: none;
        padding: 0;
        background: $background;
        scrollbar-gutter: stable;
        scrollbar-size-vertical: 1;
        text-wrap: nowrap;
        text-overflow: clip;
        &:focus { border: none; background-tint: transparent; }
        & > .option-list--option { padding: 0; }
        & > .option-list--option-highlighted { background: $background; color: $foreground; }
        &:focus > .option-list--option-highlighted {
            background: $block-cursor-background;
            color: $block-cursor-foreground;
            text-style: $block-cursor-text-style;
        }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("h", "screen.perform('history')", show=False)]

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's
        super().__init__(id=id, classes=classes, markup=False, compact=True)
        self._jobs: dict[str, JobSummary] = {}
        self._queue = Queue()
        self._colours: dict[int, int] = {}
        self._since: dict[str, float] = {}

    def on_mount(self) -> None:
        """Repaint when the theme changes, since it defines the colours of members."""
        self.watch(app_of(self), "theme", self.refresh_rows, init=False)

    @property
    def selected_job(self) -> str | None:
        """The job whose row is selected; None if no row is."""
        option = self.highlighted_option
        return option.id if option else None

    def select_unfinished(self) -> str | None:
        """Select the first unfinished job, unless an unfinished job is selected.

        Returns:
            The selected job; None if there is none.
        """
        unfinished = [row.job for row in self._rows() if self._is_unfinished(row.job)]
        if self.selected_job in unfinished:
            return self.selected_job
        if unfinished:
            self.highlighted = self.get_option_index(unfinished[0])
        return unfinished[0] if unfinished else None

    def on_focus(self) -> None:
        """Select an unfinished job, which the user probably wants to see or to cancel."""
        if self.select_unfinished() is None and self.highlighted is None and self.options:
            self.highlighted = 0

    def _is_unfinished(self, job: str) -> bool:
        return self._jobs[job].state is not JobState.FINISHED

    def note_submission(self, job: JobSummary, *, just_now: bool) -> None:
        """Note when a job was submitted.

        Args:
            job: the job.
            just_now: it was submitted now; otherwise its time stamp counts, by the server's clock.
        """
        past = 0.0 if just_now else max(0.0, time() - job.submitted_at)
        self._since[job.job] = monotonic() - past

    def show_jobs(self, jobs: dict[str, JobSummary], queue: Queue, colours: dict[int, int]) -> None:
        """Show the room's jobs.

        Args:
            jobs: recent jobs by id, oldest first.
            queue: the waiting and the running jobs.
            colours: the colour index of each member id.
        """
        self._jobs, self._queue, self._colours = dict(jobs), queue, colours
        self._since = {job: since for job, since in self._since.items() if job in jobs}
        self.refresh_rows()

    def refresh_rows(self) -> None:
        """Update the rows: times have passed, or the width has changed."""
        rows = self._rows()
        jobs, prompts = [row.job for row in rows], self._prompts(rows)
        if jobs == [option.id for option in self.options]:
            for index, prompt in enumerate(prompts):
                self.replace_option_prompt_at_index(index, prompt)
            return
        selected = self.selected_job
        self.clear_options()
        self.add_options(map(Option, prompts, jobs))
        if selected is not None and selected in self._jobs and rows:
            self.highlighted = jobs.index(selected) if selected in jobs else 0

    @property
    def has_unfinished(self) -> bool:
        """Whether the time of a job in the list still changes."""
        return any(job.state is not JobState.FINISHED for job in self._jobs.values())

    @property
    def summary(self) -> str:
        """How many jobs run and wait on the server, in one line."""
        queue = self._queue
        idle = f", {queue.idle} idle" if queue.idle else ""
        waiting = f", {queue.queued} waiting" if queue.queued else ""
        return f"{queue.active} of {queue.max_concurrent} running{idle}{waiting}"

    def on_resize(self, _: events.Resize) -> None:
        """Fit the rows to the new width."""
        self.refresh_rows()

    def _rows(self) -> list[_QueueRow]:
        rows: list[_QueueRow] = []
        listed: set[str] = set()
        for queued in self._queue.jobs:
            summary = self._jobs.get(queued.job)
            if summary is None or summary.state is JobState.FINISHED or queued.job in listed:
                continue
            listed.add(queued.job)
            if queued.position > 0:
                rows.append(self._row(summary, "·", "$dim", labels.queue_position(queued)))
            elif queued.awaits_input:
                rows.append(self._row(summary, "?", "$warning", "wants input"))
            elif queued.idle:
                rows.append(self._row(summary, "▸", "$dim", "idle"))
            else:
                rows.append(self._row(summary, "▸", "$success", labels.state(queued.state)))
        finished = [job for job in self._jobs.values() if job.state is JobState.FINISHED]
        rows += [self._finished_row(job) for job in reversed(finished[-FINISHED_SHOWN:])]
        return rows

    def _row(self, job: JobSummary, mark: str, style: str, state: str) -> _QueueRow:
        age = labels.age(monotonic() - self._since.get(job.job, monotonic()))
        colour = self._colours.get(job.member, 0)
        return _QueueRow(job.job, mark, style, job.name, colour, job.file_name, state, age)

    def _finished_row(self, job: JobSummary) -> _QueueRow:
        colour = self._colours.get(job.member, 0)
        result = job.result
        if result is None:
            return _QueueRow(job.job, "?", "$dim", job.name, colour, job.file_name, "finished", "")
        mark, style = labels.verdict_mark(result.verdict)
        state = labels.verdict(result.verdict)
        took = labels.short_duration(result.wall_seconds) if result.wall_seconds else ""
        return _QueueRow(job.job, mark, style, job.name, colour, job.file_name, state, took)

    def _prompts(self, rows: Sequence[_QueueRow]) -> list[Content]:
        """Format rows in columns that are as wide as their contents, if they fit."""
        if not rows:
            return []
        cells = [(row.name, row.title, row.state, row.age) for row in rows]
        columns = [max(map(column_count, column)) for column in zip(*cells, strict=True)]
        wanted = list(map(min, columns, _MOST))
        room = (self.scrollable_content_region.width or 40) - _BETWEEN
        name, title, state, age = share_width(room, wanted, list(map(min, wanted, _LEAST)))
        spare = max(0, room - name - title - state - age)
        gap = min(1, spare // 2)
        state += spare - 2 * gap  # times are at the right edge
        return [self._prompt(row, (name + gap, title + gap, state, age)) for row in rows]

    def _prompt(self, row: _QueueRow, widths: tuple[int, int, int, int]) -> Content:
        name, title, state, age = widths
        colour = theme.member_colour(row.colour, app_of(self).theme)
        return Content.assemble(
            (f"{row.mark} ", row.style),
            (f"{fit(row.name, name)} ", colour),
            f"{fit(row.title, title)} ",
            (f"{fit(row.state, state)} ", row.style),
            (f"{row.age:>{age}}" if age else "", "$dim"),
        )
