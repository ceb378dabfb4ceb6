"""The editor widget: source text with highlighting, indentation and remote carets."""

from collections import defaultdict
from collections.abc import Sequence
from time import monotonic
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.document._document import Document, Location, Selection
from textual.geometry import Region, Spacing
from textual.message import Message
from textual.strip import Strip
from textual.timer import Timer

from codesync_tui.editor.highlights import LONG_COLUMNS, HighlightedDocument
from codesync_tui.editor.indent import backspace, next_indent
from codesync_tui.editor.line_commands import apply_line_command, selects_lines, wrap_selection
from codesync_tui.editor.line_edits import (
    PAIRS,
    comment_prefix,
    indent_lines,
    is_empty_pair,
    should_close,
    toggle_comments,
    unindent_lines,
)
from codesync_tui.editor.long_lines import UNIFORM_COLUMNS, StyledSpan, render_long_line
from codesync_tui.editor.remote_carets import RemoteCaret, RowMarks, paint_row_marks, plan_row_marks
from codesync_tui.editor.source_area import SourceArea
from codesync_tui.editor.syntax import Syntax
from codesync_tui.editor.syntax_theme import syntax_themes
from codesync_tui.editor.wrapped_document import SourceWrappedDocument
from codesync_tui.terminal.textual_types import app_of

REPARSE_SECONDS = 0.15
"""The delay between the last change and the reparse."""

REPARSE_SECONDS_MAX = 2.0


class CodeEditor(SourceArea):
    """A text area for source code.

    Args:
        id: the widget's id.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("shift+tab", "unindent", "Move the lines to the left", show=False)
    ]

    DEFAULT_CSS = """
    CodeEditor {
        border: none;
        padding: 0;
        background: $background;
        scrollbar-size-vertical: 1;
        scrollbar-size-horizontal: 0;
        & .text-area--gutter { color: $dim; }
        & .text-area--cursor-gutter { color: $foreground; background: $line; text-style: none; }
        & .text-area--cursor-line { background: $line; }
        &:focus { border: none; }
        &:blur .text-area--cursor-line { background: $background; }
        &:blur .text-area--cursor-gutter { background: $background; color: $dim; }
    }
    """

    class Interacted(Message):
        """Posted when the user presses a key while the view follows another member."""

    is_following = False
    """Whether the view follows another member."""

    _syntax: Syntax | None = None
    _remote_carets: Sequence[RemoteCaret] = ()
    _plan_key: object = None
    _reparse_timer: Timer | None = None
    _stale_since = 0.0

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(
            id=id,
            soft_wrap=False,
            tab_behavior="indent",
            show_line_numbers=True,
            max_checkpoints=200,
        )
        self._plan: dict[int, RowMarks] = {}
        self.cursor_blink = False
        for theme in syntax_themes().values():
            self.register_theme(theme)

    def on_mount(self) -> None:
        """Use the colours of the app's theme, also when the theme changes."""
        self.watch(app_of(self), "theme", self._follow_app_theme)

    def _follow_app_theme(self, name: str) -> None:
        self.theme = name if name in self.available_themes else "css"

    @property
    def syntax_name(self) -> str:
        """The name of the highlighted language; empty if there is none."""
        return self._syntax.name if self._syntax else ""

    def set_syntax(self, syntax: Syntax | None) -> None:
        """Highlight another language; text, caret, scroll position and undo history stay.

        Args:
            syntax: the language; None turns highlighting off.
        """
        self._syntax = syntax
        selection, scroll = self.selection, self.scroll_offset
        self._set_document(self.text, None)
        self.selection = selection
        self.scroll_to(*scroll, animate=False)

    # Remote carets.

    def show_remote_carets(self, carets: Sequence[RemoteCaret]) -> None:
        """Show the carets of other members."""
        self._remote_carets, self._plan_key = carets, None
        self.refresh()

    def _render_line(self, y: int) -> Strip:
        # To highlight a line, the stock method maps each of its bytes to a column: 25 ms for one of
        # 100,000 characters.
        row, wrapped = y + self.scroll_offset.y, self.wrapped_document
        assert isinstance(wrapped, SourceWrappedDocument)
        if row >= wrapped.height:
            return super()._render_line(y)
        line = wrapped.line_at(row)
        length = len(self.document[line])
        if length <= LONG_COLUMNS:
            return super()._render_line(y)
        if length > UNIFORM_COLUMNS:
            return self._render_long_line(line)
        highlights, self._highlights = self._highlights, {}
        try:
            return super()._render_line(y)
        finally:
            self._highlights = highlights

    def _render_long_line(self, line: int) -> Strip:
        """Render the visible part of a line as the stock method renders all of it."""
        theme, text, gutter = self._theme, self.document[line], self.gutter_width
        anchor, head = self.selection
        is_caret_line = head[0] == line
        caret_line = theme.cursor_line_style if self.highlight_cursor_line else None
        spans: list[StyledSpan] = []
        if is_caret_line and self._has_cursor:
            spans.append(StyledSpan(0, len(text) + 1, caret_line))
        top, bottom = sorted((anchor, head))
        if top != bottom and top[0] <= line <= bottom[0]:
            start = top[1] if line == top[0] else 0
            end = bottom[1] if line == bottom[0] else len(text)
            spans.append(StyledSpan(start, end, theme.selection_style))
        bracket = self._matching_bracket_location
        pair = (head, bracket) if bracket and anchor == head and self._has_cursor else ()
        spans += [
            StyledSpan(column, column + 1, theme.bracket_matching_style)
            for row, column in pair
            if row == line and self.match_cursor_bracket
        ]
        if is_caret_line and self._draw_cursor:
            spans.append(StyledSpan(head[1], head[1] + 1, theme.cursor_style))
        width = self.scrollable_content_region.width - gutter
        strip = render_long_line(text, self.scroll_offset.x, width, spans, app_of(self).console)
        strip = strip.extend_cell_length(width, caret_line if is_caret_line else theme.base_style)
        number = f"{line + self.line_number_start:>{gutter - 2}}  "
        has_mark = is_caret_line and self.highlight_cursor_line
        style = theme.cursor_line_gutter_style if has_mark else theme.gutter_style
        strip = Strip.join([Strip([Segment(number, style)], gutter), strip])
        return strip.apply_style(theme.base_style or self.rich_style)

    def get_column_width(self, row: int, column: int) -> int:
        """Return the number of cells before a column; see TextArea."""
        if len(self.document[row]) > UNIFORM_COLUMNS:
            return column
        return super().get_column_width(row, column)

    def paint_line(self, y: int) -> Strip:
        """Render a row with remote carets; see PartialRepaintTextArea."""
        strip = super().paint_line(y)
        if not self._remote_carets:
            return strip
        scroll_x, scroll_y = self.scroll_offset
        view = scroll_y, self.size, len(self.text), self.wrapped_document
        if self._plan_key != view:
            assert isinstance(self.wrapped_document, SourceWrappedDocument)
            last = scroll_y + self.size.height
            self._plan = plan_row_marks(
                self._remote_carets, self.source, self.wrapped_document, scroll_y, last
            )
            self._plan_key = view
        marks = self._plan.get(y + scroll_y)
        if marks is None:
            return strip
        at = self._cursor_offset
        own = at[0] if self.has_focus and at[1] == y + scroll_y else None
        selection = self._theme.selection_style
        if selection is not None and selection.bgcolor == self.rich_style.bgcolor:
            selection = None  # with 16 colours it has no background of its own
        return paint_row_marks(strip, marks, self.gutter_width, scroll_x, own, selection)

    def reveal(self, offset: int) -> None:
        """Scroll a position into view without moving the caret.

        Args:
            offset: the position in bytes.
        """
        at = self.wrapped_document.location_to_offset(self.source.location_of(offset))
        region = Region(at[0], at[1], 3, 1)
        x, y = self.scroll_offset
        width = self.size.width - self.gutter_width
        if not (y <= at[1] < y + self.size.height and x <= at[0] < x + width):
            spacing = Spacing(right=self.gutter_width)
            self.scroll_to_region(region, spacing=spacing, animate=False, force=True, center=True)

    def select(self, start: Location, end: Location) -> None:
        """Select a range and scroll it into view."""
        self._report_interaction()
        self.reveal(self.source.offset_of(start))
        self.selection = Selection(start, end)

    def go_to_line(self, line: int, column: int = 0) -> None:
        """Move the caret to a line and focus the editor.

        Args:
            line: the number, from 1; the nearest line if there is no such line.
            column: in bytes, from 1; 0 for the first character that is not blank.
        """
        row = min(max(1, line), self.document.line_count) - 1
        text = self.document[row]
        inside = text.encode("utf-8", "replace")[: max(0, column - 1)].decode("utf-8", "ignore")
        at = len(inside) if column else len(text) - len(text.lstrip())
        self._report_interaction()
        self.move_caret_to(self.source.offset_of((row, at)))
        self.focus()

    def move_caret_to(self, offset: int) -> None:
        """Move the caret; centre it in the view if it was out of sight.

        Args:
            offset: the position in bytes.
        """
        location = self.source.location_of(offset)
        self.reveal(offset)
        self.move_cursor(location)

    def _make_document(self, text: str) -> Document:
        if self._syntax is None:
            return super()._make_document(text)
        return HighlightedDocument(text, self._syntax)

    def _build_highlight_map(self) -> None:
        # The stock method is not called: it discards the highlights of all lines.
        self._line_cache.clear()  # pyright: ignore[reportUnknownMemberType]
        document = self.document
        if not isinstance(document, HighlightedDocument):
            self._highlights = defaultdict(list)
            return
        self._highlights = document.highlights
        if document.is_stale and self.is_mounted:
            self._schedule_reparse()

    def _schedule_reparse(self) -> None:
        """Reparse after a pause in typing, at the latest after REPARSE_SECONDS_MAX."""
        now = monotonic()
        self._stale_since = self._stale_since or now
        if self._reparse_timer is not None:
            if now - self._stale_since > REPARSE_SECONDS_MAX:
                return
            self._reparse_timer.stop()
        self._reparse_timer = self.set_timer(REPARSE_SECONDS, self._reparse)

    def _reparse(self) -> None:
        self._reparse_timer, self._stale_since = None, 0.0
        if isinstance(self.document, HighlightedDocument):
            self.document.discard_stale()
            self._build_highlight_map()
            self.refresh()

    def _report_interaction(self) -> None:
        if self.is_following:
            self.post_message(self.Interacted())

    async def _on_mouse_down(self, event: events.MouseDown) -> None:
        self._report_interaction()

    async def _on_paste(self, event: events.Paste) -> None:
        self._report_interaction()

    async def _on_key(self, event: events.Key) -> None:
        self._report_interaction()
        if self.read_only:
            return
        if self._handle_key(event):
            event.stop()
            event.prevent_default()

    def _handle_key(self, event: events.Key) -> bool:
        """Handle a key that has a special effect in the editor; return whether it has one."""
        if event.key == "enter":
            self._break_line()
        elif event.key == "tab" and selects_lines(self):
            apply_line_command(self, lambda lines: indent_lines(lines, self.indent_width))
        else:
            return event.character is not None and self._complete_bracket(event.character)
        return True

    def _find_columns_to_next_tab_stop(self) -> int:
        # The stock method counts from the caret, which may be at the end of the selection.
        return self.indent_width - self.get_column_width(*min(self.selection)) % self.indent_width

    def _break_line(self) -> None:
        (row, column), bottom = sorted(self.selection)
        line = self.document[row]
        indent = next_indent(line, column, self.indent_width)
        before, behind = line[column - 1 : column], self.document[bottom[0]][bottom[1] :][:1]
        if not is_empty_pair(before, behind):
            self._replace_via_keyboard("\n" + indent, (row, column), bottom)
            return
        outer = line[: len(line) - len(line.lstrip(" \t"))]
        self._replace_via_keyboard(f"\n{indent}\n{outer}", (row, column), bottom)
        self.move_cursor((row + 1, len(indent)))

    def _complete_bracket(self, character: str) -> bool:
        """Close an opened bracket or step over a closing one; return whether this was done."""
        (top, (row, column)) = sorted(self.selection)
        behind = self.document[row][column : column + 1]
        if not self.selection.is_empty and character in PAIRS:
            wrap_selection(self, character, PAIRS[character])
            return True
        if self.selection.is_empty and character in PAIRS.values() and behind == character:
            self.move_cursor((row, column + 1))
            return True
        if self.selection.is_empty and should_close(character, behind):
            self._replace_via_keyboard(character + PAIRS[character], top, top)
            self.move_cursor((row, column + 1))
            return True
        return False

    def toggle_comment(self) -> None:
        """Turn the selected lines into comments, or comments into lines."""
        mark = comment_prefix(self.syntax_name)
        apply_line_command(self, lambda lines: toggle_comments(lines, mark))

    def action_delete_left(self) -> None:
        """Delete the selection, the character to the left, or one level of indentation."""
        row, column = self.cursor_location
        before = self.document[row][:column]
        behind = self.document[row][column : column + 1]
        if self.selection.is_empty and is_empty_pair(before[-1:], behind):
            self._delete_via_keyboard((row, column - 1), (row, column + 1))
        elif self.selection.is_empty and before:
            count = backspace(before, self.indent_width)
            self._delete_via_keyboard((row, column - count), (row, column))
        else:
            super().action_delete_left()

    def action_unindent(self) -> None:
        """Move the selected lines one level to the left."""
        apply_line_command(self, lambda lines: unindent_lines(lines, self.indent_width))
