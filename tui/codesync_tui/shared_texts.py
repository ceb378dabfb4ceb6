"""Binds the room's shared texts to the widgets that show them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from codesync_client import Room
from codesync_client.replica import Change
from codesync_client.shared_document import Conflict
from codesync_protocol.messages import Role
from codesync_protocol.shared_text import SOURCE, STDIN
from codesync_tui.editor.source_area import SourceArea


@dataclass(frozen=True, slots=True)
class Watchers:
    """Who is told of what happens to the texts.

    Attributes:
        loaded: the texts are there, or others than before.
        carets_moved: somebody is somewhere else.
        conflict: what we wrote is not in the room's text.
    """

    loaded: Callable[[], None]
    carets_moved: Callable[[], None]
    conflict: Callable[[Conflict], None]


class SharedTexts:
    """The room's texts on the screen.

    Args:
        room: the room, entered with its text.
        editor: shows the source.
        prepared: shows the prepared stdin.
        watchers: who else is told.
    """

    def __init__(
        self, room: Room, editor: SourceArea, prepared: SourceArea, watchers: Watchers
    ) -> None:
        self._room = room
        self._areas: Mapping[str, SourceArea] = {SOURCE: editor, STDIN: prepared}
        self._watchers = watchers
        room.document.listener = self
        self.allow()

    def allow(self) -> None:
        """Let the areas be written in, if we may write and the texts are there."""
        may = self._room.document.is_there and self._room.role is not Role.VIEWER
        for area in self._areas.values():
            area.read_only = not may

    def replace(self, name: str, text: str) -> None:
        """Make a text another one; it can be undone as one step."""
        document = self._room.document
        document.end_undo_group()
        document.replace(name, text)
        document.end_undo_group()
        self._room.wake()

    # What the document tells.

    def document_loaded(self) -> None:
        """The texts are others now, or there for the first time."""
        for name, area in self._areas.items():
            area.share(_Port(self._room, name), self._room.document.text(name))
        self.allow()
        self._watchers.loaded()

    def document_changed(self, change: Change) -> None:
        """A text changed."""
        self._areas[change.text].apply(change.splices, own=change.member is None)
        self._watchers.carets_moved()

    def carets_moved(self) -> None:
        """Somebody is somewhere else."""
        self._watchers.carets_moved()

    def document_in_conflict(self, conflict: Conflict) -> None:
        """What we wrote is not in the room's text."""
        self._watchers.conflict(conflict)


class _Port:
    """One of the room's texts, as an area writes it."""

    def __init__(self, room: Room, name: str) -> None:
        self._room = room
        self._name = name

    def edit(self, at: int, deleted: int, inserted: str) -> None:
        self._room.document.edit(self._name, at, deleted, inserted)
        self._room.wake()

    def undo(self) -> None:
        self._room.document.undo(self._name)
        self._room.wake()

    def redo(self) -> None:
        self._room.document.redo(self._name)
        self._room.wake()

    def end_undo_group(self) -> None:
        self._room.document.end_undo_group()

    def moved(self, anchor: int, head: int) -> None:
        if self._name == SOURCE:
            self._room.document.move_caret(anchor, head)
            self._room.wake()
