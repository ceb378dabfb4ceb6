"""The interface for listeners that show the shared texts of a room."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from codesync_client.document.change import Change


@dataclass(frozen=True, slots=True)
class Conflict:
    """What we wrote could not be merged: the room has another text.

    Attributes:
        mine: our texts, by name.
        reason: why they could not be merged, for people.
    """

    mine: Mapping[str, str]
    reason: str


class DocumentListener(Protocol):
    """Shows the shared texts. Its methods must not change the texts."""

    def document_loaded(self) -> None:
        """The texts are others now, or there for the first time."""
        ...

    def document_changed(self, change: Change) -> None:
        """A text changed, by our own hand or another's."""
        ...

    def carets_moved(self) -> None:
        """Somebody is somewhere else."""
        ...

    def member_joined(self) -> None:
        """Whoever came knows where we were, not what the text has done since: say where we are."""
        ...

    def document_in_conflict(self, conflict: Conflict) -> None:
        """What we wrote is not in the room's text."""
        ...
