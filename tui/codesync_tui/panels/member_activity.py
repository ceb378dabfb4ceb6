"""Tracks which members type or are idle, and where they are. No widgets, no clock."""

from collections.abc import Mapping
from dataclasses import dataclass

from codesync_client.document.carets import CaretPlace

TYPING_SECONDS = 2.0
"""A member is typing for so long after an edit."""

IDLE_SECONDS = 120.0
"""A member is idle after so long without activity."""


@dataclass(frozen=True, slots=True)
class MemberActivity:
    """What a member does, and in which line.

    Attributes:
        line: the line of the source, from 1; 0 if it is unknown.
        state: "typing", "idle" or empty.
    """

    line: int = 0
    state: str = ""


class ActivityTracker:
    """Remembers when each member last did something."""

    def __init__(self) -> None:
        self._wrote: dict[int, float] = {}
        self._acted: dict[int, float] = {}
        self._places: dict[int, CaretPlace] = {}

    def update_members(self, members: set[int], now: float) -> None:
        """Set who is present; members who have just come are not idle."""
        for member in members - self._acted.keys():
            self._acted[member] = now
        for known in (self._acted, self._wrote, self._places):
            for gone in known.keys() - members:
                del known[gone]

    def text_written(self, member: int, now: float) -> None:
        """Note that a member changed the source."""
        self._wrote[member] = self._acted[member] = now

    def text_moved(self, places: Mapping[int, CaretPlace]) -> None:
        """Note that carets moved with the text: this is no activity of their members."""
        self._places = dict(places)

    def carets_moved(self, places: Mapping[int, CaretPlace], now: float) -> None:
        """Note the new places of carets; members whose caret moved were active."""
        for member, place in places.items():
            if self._places.get(member) != place:
                self._acted[member] = now
        self._places = dict(places)

    def state_of(self, member: int, now: float) -> str:
        """Return "typing" or "idle"; empty for neither."""
        if now - self._wrote.get(member, -TYPING_SECONDS) < TYPING_SECONDS:
            return "typing"
        return "idle" if now - self._acted.get(member, now) >= IDLE_SECONDS else ""
