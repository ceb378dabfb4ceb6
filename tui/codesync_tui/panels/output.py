"""The output pane: the output of all jobs, painted at most 30 times a second.

It is not a RichLog, which handles only 0.12 MB/s. Lines are stored in an OutputTranscript; only the
visible ones are rendered.
"""

import re
from time import monotonic
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.color import Color
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.timer import Timer

from codesync_protocol.limits import CELLS_MAX
from codesync_protocol.messages import Stream, Window
from codesync_tui import theme
from codesync_tui.editor.text_search import search_pattern
from codesync_tui.formatting.match_highlight import highlight_matches
from codesync_tui.formatting.rich_styles import SOURCE_CLASSES, rich_style
from codesync_tui.terminal.reliable_timers import ReliableTimers
from codesync_tui.terminal.textual_types import app_of
from codesync_tui.transcript import OutputStyle, OutputTranscript, RowKind, TranscriptRow
from codesync_tui.transcript.captions import Ending, Heading

FRAME_SECONDS = 1 / 30

_CHOSEN = Style(bold=True, underline=True)


class OutputPane(ReliableTimers, ScrollView, can_focus=True):
    """Shows the output of all jobs, one block a job.

    It follows the end of the output unless the reader has scrolled up.

    Args:
        id: the widget's id.
        classes: its CSS classes.

    Attributes:
        transcript: the output.
        wraps: long lines are wrapped.
        shown_match: the row of the match that was shown last.
        has_unseen: output was added below the view since the reader scrolled up.
    """

    ALLOW_SELECT = False

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "choose(-1)", "Block before", show=False),
        Binding("n", "choose(1)", "Next block", show=False),
        Binding("escape", "choose(0)", "Choose none", show=False),
        Binding("c", "screen.perform('copy_output')", "Copy", show=False),
        Binding("s", "screen.perform('save_output')", "Save", show=False),
    ]

    DEFAULT_CSS = """
    OutputPane {
        background: $background;
        scrollbar-gutter: stable;
        scrollbar-size-vertical: 1;
        scrollbar-size-horizontal: 1;
        & .output--stdout { color: $foreground; }
        & .output--stderr { color: $error; }
        & .output--compiler { color: $warning; }
        & .output--typed { color: $primary; text-style: italic; }
        & .output--note { color: $dim; text-style: italic; }
        & .output--heading { background: $bar; color: $bar-text; }
        & .output--good { color: $success; text-style: bold; }
        & .output--bad { color: $error; text-style: bold; }
        & .output--ended { color: $warning; text-style: bold; }
        & .output--figures { color: $dim; }
        & .output--found { background: $input-selection-background; text-style: underline; }
        & .output--current { background: $warning; color: $background; text-style: bold; }
    }
    OutputPane:ansi {
        & .output--heading { text-style: reverse; }
        & .output--found { background: ansi_default; }
        & .output--current { background: ansi_default; color: ansi_default;
            text-style: bold reverse; }
    }
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *SOURCE_CLASSES.values(),
        "output--heading",
        "output--found",
        "output--current",
    }

    class WindowChanged(Message):
        """Posted when the size of the pane has changed."""

    class UnseenChanged(Message):
        """Posted when output below the view has appeared or has been seen."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's
        super().__init__(id=id, classes=classes)
        self.transcript = OutputTranscript()
        self.wraps = True
        self.shown_match = 0
        self.has_unseen = False
        self._highlighted: re.Pattern[str] | None = None
        self._chosen = ""
        self._follows_end = True
        self._is_jumping = False
        self._frame: Timer | None = None
        self._painted_at = 0.0

    # Content.

    def begin(self, job: str, heading: Heading) -> None:
        """Add a block for a job."""
        self.transcript.begin(job, heading)
        self._content_added()

    def write(self, job: str, stream: Stream, data: bytes) -> None:
        """Append output of a job; at most one slice, so that keys are handled in between."""
        self.transcript.write(job, stream, data)
        self._content_added()

    def write_stdin(self, job: str, name: str, data: bytes, *, end: bool) -> None:
        """Append what a member typed into a job."""
        self.transcript.write_stdin(job, name, data, end=end)
        self._content_added()

    def skip(self, job: str, text: str) -> None:
        """Append a note that output is missing."""
        self.transcript.skip(job, text)
        self._content_added()

    def end(self, job: str, ending: Ending) -> None:
        """Show how a job ended."""
        self.transcript.end(job, ending)
        self._content_added()

    def _content_added(self) -> None:
        if not self._follows_end:
            self._set_unseen(is_so=True)
        self._content_changed()

    def _set_unseen(self, *, is_so: bool) -> None:
        if is_so != self.has_unseen:
            self.has_unseen = is_so
            self.post_message(self.UnseenChanged())

    def clear(self) -> None:
        """Discard the output of finished jobs."""
        self.transcript.clear()
        self._content_changed()

    def toggle_wrap(self) -> bool:
        """Turn the wrapping of long lines on or off.

        Returns:
            Whether they are wrapped now.
        """
        self.wraps = not self.wraps
        self._rewrap()
        return self.wraps

    @property
    def window(self) -> Window | None:
        """The size of the visible area, for a program's terminal; None while it is hidden."""
        size = self.scrollable_content_region.size
        if not size:
            return None
        return Window(min(size.width, CELLS_MAX), min(size.height, CELLS_MAX))

    # Search.

    @property
    def last_row(self) -> int:
        """The last visible row of the transcript, after the next frame."""
        if self._follows_end:
            return self.transcript.rows - 1
        return self.scroll_offset.y + self.scrollable_content_region.height - 1

    def highlight(self, needle: str) -> None:
        """Highlight a text wherever it occurs; nothing if it is empty."""
        self._highlighted = search_pattern(needle) if needle else None
        self.refresh()

    def show_row(self, row: int) -> None:
        """Scroll a row of the transcript into view."""
        self.shown_match = row
        self._follows_end = False
        height = self.scrollable_content_region.height
        if not self.scroll_offset.y <= row < self.scroll_offset.y + height:
            self.scroll_to(y=max(0, row - height // 2), animate=False, force=True)
        self.refresh()

    # Choosing a block.

    @property
    def chosen_job(self) -> str:
        """The job whose block is chosen; empty if there is none or its block was dropped."""
        return self._chosen if self._chosen in self.transcript else ""

    def action_choose(self, step: int) -> None:
        """Choose the next block (1), the previous one (-1) or none (0).

        The first choice is a visible block: the last one going up, the first one going down.
        """
        self._chosen = self._next_choice(step) if step else ""
        if self._chosen:
            self.reveal(self._chosen)
        self.refresh()

    def _next_choice(self, step: int) -> str:
        jobs = self.transcript.jobs
        if self.chosen_job:
            index = jobs.index(self.chosen_job) + step
            return jobs[min(max(0, index), len(jobs) - 1)]
        if not jobs:
            return ""
        row = self.scroll_offset.y if step > 0 else self.last_row
        return self.transcript.row(min(row, self.transcript.rows - 1)).job

    def reveal(self, job: str) -> None:
        """Scroll a block into view, or its beginning if the block is too long."""
        start, end = self.transcript.span(job)
        top, height = self.scroll_offset.y, self.scrollable_content_region.height
        if not top <= start <= end <= top + height:
            self._follows_end = start + height >= self.transcript.rows
            self.scroll_to(y=start, animate=False, force=True)

    # Frames and scrolling.

    @property
    def has_unpainted_output(self) -> bool:
        """Whether output waits for the next frame."""
        return self._frame is not None

    def _content_changed(self) -> None:
        while (trimmed := self.transcript.trim())[1]:
            start, count = trimmed
            if not self._follows_end and start < self.scroll_offset.y:
                self._jump_to(self.scroll_offset.y - count)
        if self._frame is None:
            due = self._painted_at + FRAME_SECONDS - monotonic()
            self._frame = self.set_timer(max(0.001, due), self._show_frame)

    def _show_frame(self) -> None:
        self._frame = None
        self._painted_at = monotonic()
        width = self.scrollable_content_region.width
        if not self.wraps:
            # An upper bound suffices: scrolling beyond the longest line does no harm.
            width = max(width, self.transcript.columns)
        self.virtual_size = Size(width, self.transcript.rows)
        if self._follows_end:
            self._jump_to(self.max_scroll_y)
        self.refresh()

    def _jump_to(self, y: float) -> None:
        self._is_jumping = True
        try:
            self.scroll_to(y=y, animate=False, force=True)
        finally:
            self._is_jumping = False

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Follow the output again when the reader has reached its end."""
        super().watch_scroll_y(old_value, new_value)
        self._update_following()

    def watch_scroll_target_y(self) -> None:
        """Stop following as soon as the reader starts to scroll up."""
        self._update_following()

    def _update_following(self) -> None:
        if not self._is_jumping:
            self._follows_end = self.scroll_target_y >= self.max_scroll_y
        if self._follows_end:
            self._set_unseen(is_so=False)

    def action_scroll_end(self) -> None:
        """Go to the end at once: output may arrive before an animation is finished."""
        self._follows_end = True
        self._set_unseen(is_so=False)
        self._jump_to(self.max_scroll_y)

    def watch_show_vertical_scrollbar(self, shown: bool) -> None:
        """Set the position of a new scrollbar: Textual sets it on moves only."""
        if shown:
            self.vertical_scrollbar.position = self.scroll_y

    def on_resize(self, _: events.Resize) -> None:
        """Wrap the lines for the new width."""
        self._rewrap()
        self.post_message(self.WindowChanged())

    def _rewrap(self) -> None:
        self.transcript.set_width(self.scrollable_content_region.width if self.wraps else 0)
        self._show_frame()

    # Rendering.

    def render_line(self, y: int) -> Strip:
        """Render one row; see ScrollView."""
        scroll_x, scroll_y = self.scroll_offset
        width = self.scrollable_content_region.width
        base = self.rich_style
        if scroll_y + y >= self.transcript.rows:
            return Strip.blank(width, base)
        row = self.transcript.row(scroll_y + y)
        match row.kind:
            case RowKind.HEADING:
                return self._heading(row.job, width)
            case RowKind.LINE:
                line = self._line(row, base, is_current=scroll_y + y == self.shown_match)
                return line.crop_extend(scroll_x, scroll_x + width, base)
            case RowKind.GAP:
                return Strip.blank(width, base)

    def _line(self, row: TranscriptRow, base: Style, *, is_current: bool) -> Strip:
        text, output_styles = row.line
        end = len(text) if row.end is None else row.end
        segments: list[Segment] = []
        output_styles = output_styles or ((0, OutputStyle()),)
        own_colours = not app_of(self).native_ansi_color
        for index, (start, output_style) in enumerate(output_styles):
            stop = output_styles[index + 1][0] if index + 1 < len(output_styles) else len(text)
            if piece := text[max(start, row.start) : min(stop, end)]:
                of_source = self.get_component_rich_style(SOURCE_CLASSES[output_style.source])
                segments.append(
                    Segment(
                        piece, base + rich_style(output_style, of_source, own_colours=own_colours)
                    )
                )
        line = Strip(segments)
        if self._highlighted is None:
            return line
        kind = "output--current" if is_current else "output--found"
        style = self.get_component_rich_style(kind, partial=True)
        return highlight_matches(line, text[row.start : end], self._highlighted, style)

    def _heading(self, job: str, width: int) -> Strip:
        heading = self.transcript.heading(job)
        style = self.get_component_rich_style("output--heading")
        colour = Color.parse(theme.member_colour(heading.colour, app_of(self).theme))
        name = Style(color=colour.rich_color, bold=True)
        mark, rest = " ", f"  {self.transcript.caption(job)}"
        if job == self._chosen:
            mark, style = "▸", style + _CHOSEN
            rest += "  (c copies, s saves)"
        segments = [Segment(f"{mark}{heading.name}", style + name), Segment(rest, style)]
        return Strip(segments).crop_extend(0, width, style)
