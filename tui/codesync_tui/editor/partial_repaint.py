"""A text area that repaints only the cells that have changed.

The stock widget writes 10 KB to a terminal of 80x24 for each key. This one compares each row with
the row that was painted last, and repaints only the cells that differ.
"""

from typing import Any

from rich.cells import cell_len
from textual.document._document import Selection
from textual.geometry import Region, Size
from textual.reactive import Reactive, reactive
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import TextArea

from codesync_tui.terminal.reliable_timers import ReliableTimers

_WIDTH_STEP = 64
"""The width of the text is rounded up to this, so that it seldom changes while typing."""


class PartialRepaintTextArea(ReliableTimers, TextArea, inherit_css=True):
    """A text area that repaints only the cells that have changed."""

    # As the stock one, but without a full repaint.
    selection: Reactive[Selection] = reactive(
        Selection(), init=False, always_update=True, repaint=False
    )

    _needs_repaint = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._painted: dict[int, Strip] = {}
        super().__init__(*args, **kwargs)

    def refresh(
        self,
        *regions: Region,
        repaint: bool = True,
        layout: bool = False,
        recompose: bool = False,
    ) -> "PartialRepaintTextArea":
        """Request a repaint of the changed cells; see Widget."""
        is_whole = not regions or regions == (self.size.region,)
        if not (is_whole and repaint) or layout or recompose or not self.is_mounted:
            super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)
        else:
            self._needs_repaint = True
            self.check_idle()
        return self

    def _watch_selection(self, previous_selection: Selection, selection: Selection) -> None:
        super()._watch_selection(previous_selection, selection)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Render a row and remember it for comparison; see Widget."""
        self._painted[y] = strip = self.paint_line(y)
        return strip

    def paint_line(self, y: int) -> Strip:
        """Render a row; subclasses extend it."""
        # The stock method renders the row as wide as the widest line.
        return super().render_line(y).crop(0, self.scrollable_content_region.width)

    def _render_line(self, y: int) -> Strip:
        # The stock method fills each row up to the width of the longest line: 10 ms for each row if
        # one line has a million characters.
        size = self.virtual_size
        self._set_virtual_size(Size(self.region.width, size.height))
        try:
            return super()._render_line(y)
        finally:
            self._set_virtual_size(size)

    def _set_virtual_size(self, size: Size) -> None:
        """Set the size of the text without a layout."""
        self.set_reactive(Widget.virtual_size, size)  # pyright: ignore[reportArgumentType]

    def _check_refresh(self) -> None:
        if self._needs_repaint:
            self._needs_repaint = False
            self._repaint_changed_cells()
        super()._check_refresh()

    def _repaint_changed_cells(self) -> None:
        height = self.size.height
        self._theme.apply_css(self)
        regions: list[Region] = []
        for y in range(height):
            before = self._painted.get(y)
            strip = self.paint_line(y)
            if before is None or before.cell_length != strip.cell_length:
                regions.append(Region(0, y, self.size.width, 1))
            elif (span := changed_span(before, strip)) is not None:
                regions.append(Region(span[0], y, span[1] - span[0], 1))
        if regions:
            super().refresh(*regions)

    def notify_style_update(self) -> None:
        """Forget the painted rows, since all styles have changed; see Widget."""
        super().notify_style_update()
        self._painted = {}

    def _refresh_size(self) -> None:
        # The stock method triggers a layout of the whole screen, which does not depend on the size
        # of the text.
        if self.soft_wrap:
            size = Size(0, self.wrapped_document.height)
        else:
            width, height = self.document.get_size(self.indent_width)
            width += self.gutter_width + 1
            size = Size(-(-width // _WIDTH_STEP) * _WIDTH_STEP, height)
        if size != self.virtual_size:
            self._set_virtual_size(size)
            self._scroll_update(size)

    def _watch_show_vertical_scrollbar(self) -> None:
        # The stock method scrolls back to the caret when other members make the text longer.
        if self.wrap_width:
            self._rewrap_and_refresh_virtual_size()


def changed_span(before: Strip, after: Strip) -> tuple[int, int] | None:
    """Return the first and the last cell (exclusive) that differ; None if none does."""
    if before == after:
        return None
    old_parts, new_parts = list(before), list(after)
    left = 0
    while old_parts and new_parts and old_parts[0] == new_parts[0]:
        left += cell_len(new_parts[0].text)
        del old_parts[0], new_parts[0]
    right = after.cell_length
    while old_parts and new_parts and old_parts[-1] == new_parts[-1]:
        right -= cell_len(new_parts[-1].text)
        del old_parts[-1], new_parts[-1]
    if old_parts and new_parts and old_parts[0].style == new_parts[0].style:
        one, other = old_parts[0].text, new_parts[0].text
        count = 0
        while count < min(len(one), len(other)) and one[count] == other[count]:
            count += 1
        left += cell_len(one[:count])
    return (left, right) if left < right else None
