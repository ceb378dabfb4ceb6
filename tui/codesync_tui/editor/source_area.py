"""A text area for source text: the base of the editor and of the prepared input.

Its text may be shared. Then every change goes to a port, and the area changes only when `apply` is
called: own edits, edits of others and undo take the same path, so the view cannot differ from the
shared text.
"""

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import islice
from typing import ClassVar, Protocol

from textual import events
from textual.binding import Binding, BindingType
from textual.document._document import Document, EditResult, Location, Selection
from textual.document._document_navigator import DocumentNavigator
from textual.document._edit import Edit
from textual.geometry import Offset
from textual.message import Message
from textual.widgets import TextArea

from codesync_client.document.change import Splice
from codesync_protocol.limits import SOURCE_MAX
from codesync_tui.editor.partial_repaint import PartialRepaintTextArea
from codesync_tui.editor.source_document import SourceDocument, normalize_newlines
from codesync_tui.editor.splices import apply_splices, minimal_splice, shift_location
from codesync_tui.editor.undo_grouping import UndoRun, is_single_character
from codesync_tui.editor.wrapped_document import SourceWrappedDocument
from codesync_tui.terminal.textual_types import app_of

PIECES_MAX = 5_000
"""More splices in one step are merged if they are near each other: each takes 50 us in every
member's view."""

BRACKET_REACH = 8_000
"""How many characters are searched for a matching bracket."""


class TextPort(Protocol):
    """Receives the edits of a shared text. Their effects return through `SourceArea.apply`."""

    def splice(self, splices: Sequence[Splice]) -> None:
        """Replace several ranges in one step."""
        ...

    def undo(self) -> None:
        """Undo our last change."""
        ...

    def redo(self) -> None:
        """Redo the change that we undid last."""
        ...

    def end_undo_group(self) -> None:
        """Start a new undo step with the next change."""
        ...

    def replace(self, text: str) -> None:
        """Change the text to another one by a minimal edit."""
        ...

    def caret_moved(self, anchor: int, head: int) -> None:
        """Report the new position of our caret."""
        ...


class SourceArea(PartialRepaintTextArea, inherit_css=True):
    """A text area that never rewrites characters of its text, and whose text may be shared.

    Escape does not move the focus: users of other editors press it often.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+home", "document_start", "To the beginning", show=False),
        Binding("ctrl+end", "document_end", "To the end", show=False),
    ]

    class PasteRefused(Message):
        """Posted when a paste is larger than the largest allowed program.

        Attributes:
            size: its length in characters.
        """

        def __init__(self, size: int) -> None:
            super().__init__()
            self.size = size

    class WriteRefused(Message):
        """Posted when the user types while the area is read-only."""

    _port: TextPort | None = None
    _keeps_selection = False
    _moves_caret = False  # our current edit moves the caret to its end

    @cached_property
    def _undo_run(self) -> UndoRun:
        return UndoRun()

    def _make_document(self, text: str) -> Document:
        return SourceDocument(text)

    def _set_document(self, text: str, language: str | None) -> None:
        # The stock method would create a document that rewrites characters. `language` is not used:
        # a subclass that highlights has its own method for it.
        self._highlight_query = None
        self.document = self._make_document(text)
        self.wrapped_document = SourceWrappedDocument(self.document, tab_width=self.indent_width)
        self.navigator = DocumentNavigator(self.wrapped_document)
        self._build_highlight_map()
        self.move_cursor((0, 0))
        self._rewrap_and_refresh_virtual_size()

    @property
    def source(self) -> SourceDocument:
        """The document, with its own type."""
        assert isinstance(self.document, SourceDocument)
        return self.document

    def load_text(self, text: str) -> None:
        """Replace the whole text; a shared text changes for all members."""
        if self._port is None:
            super().load_text(normalize_newlines(text))
            return
        self._edit_in_one_step(lambda port: port.replace(normalize_newlines(text)))
        self.move_cursor((0, 0))

    def splice(self, splices: Sequence[Splice], selection: Selection | None = None) -> None:
        """Replace several ranges in one undo step.

        Args:
            splices: the ranges, each behind the one before.
            selection: the selection afterwards; None: the caret keeps its place in the text.
        """
        if self.read_only:
            return
        if self._port is None:
            for each in splices:
                start = self.source.location_of(each.at)
                end = self.source.location_of(each.at + each.deleted)
                super().edit(Edit(each.inserted, start, end, maintain_selection_offset=False))
        elif len(splices) > PIECES_MAX:
            after = apply_splices(self.text, splices)
            self._edit_in_one_step(lambda port: port.replace(after))
        else:
            self._edit_in_one_step(lambda port: port.splice(splices))
        if selection is not None:
            self.selection = selection

    def _edit_in_one_step(self, act: Callable[[TextPort], None]) -> None:
        """Change the shared text in one undo step, unless the area is read-only."""
        if self._port is not None and not self.read_only:
            self._end_undo_group()
            act(self._port)
            self._end_undo_group()

    def action_document_start(self) -> None:
        """Move the caret to the beginning of the text."""
        self.move_cursor((0, 0))

    def action_document_end(self) -> None:
        """Move the caret to the end of the text."""
        self.move_cursor(self.document.end)

    # The shared text.

    def bind_shared_text(self, port: TextPort, text: str) -> None:
        """Show a shared text; caret and view keep their place in the text.

        Args:
            port: receives the changes.
            text: the current text; it may contain line ends of any kind.
        """
        if self._port is None:
            self._set_document("", None)
        self._port = port
        self._undo_run.end()
        if text != self.text:
            self.apply((minimal_splice(self.text, text),), own=False)

    def reload(self, text: str) -> None:
        """Replace what is shown by the shared text."""
        head, scroll = self.selection.end, self.scroll_offset
        self.set_reactive(TextArea.selection, Selection())
        self._set_document(text, None)
        self.set_reactive(TextArea.selection, Selection.cursor(self._clamped(head)))
        self.scroll_to(*scroll, animate=False)
        self.post_message(self.Changed(self))

    @property
    def caret_offsets(self) -> tuple[int, int]:
        """The byte offsets of the selection's anchor and of the caret."""
        anchor, head = self.selection
        return self.source.offset_of(anchor), self.source.offset_of(head)

    def edit(self, edit: Edit) -> EditResult:
        """Perform an edit; see TextArea."""
        edit.text = normalize_newlines(edit.text)
        if self._port is None:
            return super().edit(edit)
        start, end = self._clamped(edit.top), self._clamped(edit.bottom)
        replaced = self.source.get_text_range(start, end)
        at = self.source.offset_of(start)
        if not self._undo_run.continues(start, end, edit.text):
            self._end_undo_group()
        self._keeps_selection = edit.maintain_selection_offset
        try:
            with self._moving_caret():
                self._port.splice((Splice(at, self.source.offset_of(end) - at, edit.text),))
        finally:
            self._keeps_selection = False
        landed = self.source.location_of(at + len(edit.text.encode("utf-8", "replace")))
        if is_single_character(edit.text or replaced):
            self._undo_run.extend(edit.text, landed)
        else:
            self._end_undo_group()
        return EditResult(landed, replaced)

    def _end_undo_group(self) -> None:
        self._undo_run.end()
        if self._port is not None:
            self._port.end_undo_group()

    @contextmanager
    def _moving_caret(self) -> Generator[None]:
        self._moves_caret = True
        try:
            yield
        finally:
            self._moves_caret = False

    def undo(self) -> None:
        """Undo the last change; in a shared text, our last change."""
        if self._port is None:
            super().undo()
        elif not self.read_only:
            self._undo_run.end()
            with self._moving_caret():
                self._port.undo()

    def redo(self) -> None:
        """Redo the change that was undone last."""
        if self._port is None:
            super().redo()
        elif not self.read_only:
            self._undo_run.end()
            with self._moving_caret():
                self._port.redo()

    def apply(self, splices: tuple[Splice, ...], *, own: bool) -> None:
        """Show a change of the shared text.

        Args:
            splices: the replacements, in this order.
            own: the change is ours. An edit in this area moves the caret to its end and keeps it in
                view, unless it changes several places around the caret. Other changes move
                neither the caret within the text nor the visible text.
        """
        leads = own and self._moves_caret
        first, is_one_place = self.source.location_of(splices[0].at), True
        gutter, before = self.gutter_width, self.selection
        anchor, head = before
        top = self.wrapped_document.offset_to_location(self._view_top)
        landed = first
        for splice in splices:
            start = self.source.location_of(splice.at)
            is_one_place &= start == landed
            end = self.source.location_of(splice.at + splice.deleted)
            result = self.document.replace_range(start, end, splice.inserted)
            landed = result.end_location
            pushes = leads and self._keeps_selection
            anchor = shift_location(anchor, start, end, landed, pushes=pushes)
            head = shift_location(head, start, end, landed, pushes=pushes)
            top = shift_location(top, start, end, landed, pushes=self.scroll_y > 0)
            self._undo_run.shift(start, end, landed)
            self.wrapped_document.wrap_range(start, end, landed)
        is_among = not is_one_place and min(anchor, head) <= landed and first <= max(anchor, head)
        if leads and not (self._keeps_selection or is_among):
            anchor = head = landed
        # The selection first: the calls below read it, and it must not be behind the end.
        self.set_reactive(TextArea.selection, Selection(anchor, head))
        if gutter != self.gutter_width:
            self.wrapped_document.wrap(self.wrap_width, self.indent_width)
        self._build_highlight_map()
        self._refresh_size()
        if leads:
            self._watch_selection(before, self.selection)
            self.record_cursor_width()
        else:
            self._hold_view(top)
            self._match_bracket()
            self._report_caret()
        self.refresh()
        self.post_message(self.Changed(self))
        self.update_suggestion()

    @property
    def _view_top(self) -> Offset:
        return Offset(0, round(self.scroll_y))

    def _hold_view(self, top: Location) -> None:
        """Keep the line at the top of the view where it is."""
        row = self.wrapped_document.location_to_offset(top).y
        if round(self.scroll_y) != row:
            self.scroll_to(y=row, animate=False, force=True)

    def _clamped(self, location: Location) -> Location:
        row = min(max(0, location[0]), self.document.line_count - 1)
        if location[0] > row:
            return row, len(self.document[row])
        return row, min(max(0, location[1]), len(self.document[row]))

    def _watch_selection(self, previous_selection: Selection, selection: Selection) -> None:
        super()._watch_selection(previous_selection, selection)
        if previous_selection != selection and not self._moves_caret:
            self._end_undo_group()
        self._report_caret()

    def _match_bracket(self) -> None:
        row, column = self.selection.end
        character = self.document[row][column : column + 1]
        self._matching_bracket_location = self.find_matching_bracket(character, (row, column))

    def _yield_character_locations(self, start: Location) -> Iterable[tuple[str, Location]]:
        # The stock widget searches the whole text for a matching bracket.
        return islice(super()._yield_character_locations(start), BRACKET_REACH)

    def _yield_character_locations_reverse(self, start: Location) -> Iterable[tuple[str, Location]]:
        return islice(super()._yield_character_locations_reverse(start), BRACKET_REACH)

    def _report_caret(self) -> None:
        # Also after edits of others: an unsent position would refer to the older text.
        if self._port is not None and self.is_mounted:
            self._port.caret_moved(*self.caret_offsets)

    def _watch_has_focus(self, focus: bool) -> None:
        super()._watch_has_focus(focus)
        if not focus:
            self._end_undo_group()

    # Textual calls the handlers of all base classes too, unless an event's default is prevented.
    # So these handlers must not call them.

    async def _on_key(self, event: events.Key) -> None:
        if event.key == "escape":
            event.prevent_default()
            self.move_cursor(self.cursor_location)
        elif self.read_only and (event.is_printable or event.key in ("enter", "tab")):
            event.prevent_default()
            event.stop()
            self.post_message(self.WriteRefused())
        elif not event.is_printable:
            await self._run_own_binding(event)

    async def _run_own_binding(self, event: events.Key) -> None:
        # Textual looks for a binding only when the key has bubbled to the app, and the next keys of
        # a burst overtake it: "left, x" would insert the x first.
        for binding in self._bindings.key_to_bindings.get(event.key, ()):
            if await app_of(self).run_action(binding.action, default_namespace=self):
                event.prevent_default()
                event.stop()
                return

    async def _on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        event.stop()
        if self.read_only:
            self.post_message(self.WriteRefused())
        elif len(event.text) > SOURCE_MAX:
            self.post_message(self.PasteRefused(len(event.text)))
        else:
            self._insert_pasted(event.text)

    def action_paste(self) -> None:
        """Insert the app's clipboard."""
        if not self.read_only:
            self._insert_pasted(app_of(self).clipboard)

    def _insert_pasted(self, text: str) -> None:
        self._end_undo_group()
        self._replace_via_keyboard(text, *self.selection)
        self._end_undo_group()
