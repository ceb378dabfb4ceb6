"""Binds the room's shared texts to the widgets that show them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from codesync_client.document.change import Change, Splice
from codesync_client.document.listener import Conflict
from codesync_client.document.shared_document import SharedDocument
from codesync_protocol.shared_text import SOURCE, STDIN
from codesync_tui.editor.source_area import SourceArea
from codesync_tui.room.throttle import Throttle

CARET_SECONDS = 0.05
"""The interval between two positions of our caret that are sent."""

AGAIN_SECONDS = 1.0
"""The interval between two repetitions for new members."""


@dataclass(frozen=True, slots=True)
class TextObservers:
    """The callbacks for changes of the shared texts.

    Attributes:
        loaded: the texts were loaded or replaced.
        text_written: another member changed the source.
        text_moved: the source changed, and carets moved with it.
        carets_moved: the caret of another member moved, or a member came or left.
        conflict: text of ours could not be merged into the room's text.
    """

    loaded: Callable[[], None]
    text_written: Callable[[int], None]
    text_moved: Callable[[], None]
    carets_moved: Callable[[], None]
    conflict: Callable[[Conflict], None]


class SharedTextBinding:
    """Shows the room's shared texts in two text areas.

    Args:
        document: the shared texts.
        may_write: returns whether this member may write now.
        editor: shows the source.
        prepared: shows the prepared stdin.
        observers: the callbacks for changes.
    """

    def __init__(
        self,
        document: SharedDocument,
        may_write: Callable[[], bool],
        editor: SourceArea,
        prepared: SourceArea,
        observers: TextObservers,
    ) -> None:
        self._document = document
        self._may_write = may_write
        self._areas: Mapping[str, SourceArea] = {SOURCE: editor, STDIN: prepared}
        self._observers = observers
        self._caret_throttle = Throttle(self._send_caret, CARET_SECONDS, editor.set_timer)
        self._caret_again_throttle = Throttle(
            self._send_caret_again, AGAIN_SECONDS, editor.set_timer
        )
        document.attach(self)
        self.update_read_only()

    def update_read_only(self) -> None:
        """Make the areas writable if the texts are loaded and this member may write."""
        may = self._document.is_there and self._may_write()
        for area in self._areas.values():
            area.read_only = not may

    # DocumentListener.

    def document_loaded(self) -> None:
        """Show the texts: they are loaded for the first time, or they were replaced."""
        for name, area in self._areas.items():
            port = _DocumentPort(self._document, name, self._caret_throttle)
            area.bind_shared_text(port, self._document.text(name))
        self.update_read_only()
        self._observers.loaded()

    def document_changed(self, change: Change) -> None:
        """Show a change of a text."""
        area = self._areas[change.text]
        try:
            area.apply(change.splices, own=change.member is None)
        except Exception:  # a wrong view is reloaded; the connection must not be affected
            area.reload(self._document.text(change.text))
        if change.text != SOURCE:
            return
        if change.member:
            self._observers.text_written(change.member)
        self._observers.text_moved()

    def _send_caret(self) -> None:
        self._document.send_caret()

    def carets_moved(self) -> None:
        """Report that the caret of another member has moved."""
        self._observers.carets_moved()

    def member_joined(self) -> None:
        """Send our caret again, for a new member."""
        self._caret_again_throttle.request()

    def _send_caret_again(self) -> None:
        self._document.send_caret(again=True)

    def document_in_conflict(self, conflict: Conflict) -> None:
        """Report that text of ours is not in the room's text."""
        self._observers.conflict(conflict)


class _DocumentPort:
    """Forwards the edits of an area to one of the room's texts."""

    def __init__(self, document: SharedDocument, name: str, caret: Throttle) -> None:
        self._document = document
        self._name = name
        self._caret = caret

    def splice(self, splices: Sequence[Splice]) -> None:
        self._document.splice(self._name, splices)

    def replace(self, text: str) -> None:
        self._document.replace(self._name, text)

    def undo(self) -> None:
        self._document.undo(self._name)

    def redo(self) -> None:
        self._document.redo(self._name)

    def end_undo_group(self) -> None:
        self._document.end_undo_group()

    def caret_moved(self, anchor: int, head: int) -> None:
        if self._name == SOURCE:
            self._document.move_caret(anchor, head, send_now=False)
            self._caret.request()
