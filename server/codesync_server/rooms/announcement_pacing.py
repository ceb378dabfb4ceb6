"""Limits announcements of the queue to a room by their cost. Pure."""

from codesync_protocol.limits import MIB

ROOM_PART = 0.02
"""Part of the event loop's time that the announcements to one room may take."""

ALL_PART = 0.1
"""Part of the event loop's time for the announcements to all delayed rooms, which share it
evenly."""

BYTES_PER_SECOND = MIB
"""Bytes per second that all members of one delayed room receive together."""

AT_ONCE_SECONDS = 0.03
"""Pauses up to this length are skipped."""


class AnnouncementPacing:
    """Delays the announcements of rooms with many jobs or members; the other rooms do not wait."""

    def __init__(self) -> None:
        self._not_before: dict[str, float] = {}

    def must_wait(self, room: str, now: float) -> bool:
        """Return whether a room must wait because its last announcement was expensive.

        Args:
            room: its name.
            now: seconds of a monotonic clock.
        """
        return now < self._not_before.get(room, now)

    def announced(self, room: str, now: float, *, seconds: float, size: int) -> None:
        """Record an announcement and its cost.

        Args:
            room: the name of the room that was told.
            now: seconds of a monotonic clock.
            seconds: CPU time of the announcement.
            size: bytes sent to all members together.
        """
        waiting = {name: until for name, until in self._not_before.items() if until > now}
        part = min(ROOM_PART, ALL_PART / (1 + len(waiting)))
        pause = max(seconds / part, size / BYTES_PER_SECOND)
        if pause > AT_ONCE_SECONDS:
            waiting[room] = now + pause
        self._not_before = waiting
