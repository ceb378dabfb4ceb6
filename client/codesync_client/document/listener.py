"""The interface for listeners that show the shared texts of a room."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from codesync_client.document.change import Change


@dataclass(frozen=True, slots=True)
class Conflict:
    """Own text that cannot be merged: the room has another text.

    Attributes:
        mine: the own texts by name.
        reason: why they could not be merged, for people.
    """

    mine: Mapping[str, str]
    reason: str


class DocumentListener(Protocol):
    """Shows the shared texts. Its methods must not change the texts."""

    def document_loaded(self) -> None:
        """Show the texts, which have arrived or were replaced."""
        ...

    def document_changed(self, change: Change) -> None:
        """Show a change of a text, by this member or another one."""
        ...

    def carets_moved(self) -> None:
        """Show the carets, of which one has moved."""
        ...

    def member_joined(self) -> None:
        """Send the own caret again, because a new member knows only an old position."""
        ...

    def document_in_conflict(self, conflict: Conflict) -> None:
        """Ask the user about own text that is not in the room's text."""
        ...
