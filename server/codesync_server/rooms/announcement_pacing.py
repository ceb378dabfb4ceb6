"""Limits announcements of the queue to a room by their cost. Pure."""

from codesync_protocol.limits import MIB

ROOM_PART = 0.02
"""Part of the event loop's time that the announcements to one room may take."""

ALL_PART = 0.1
"""The same, of all rooms that have to wait; they share it evenly."""

BYTES_PER_SECOND = MIB
"""A room with many members and jobs is not sent more bytes than this."""

AT_ONCE_SECONDS = 0.03
"""A room whose pause is no longer than this need not wait."""


class AnnouncementPacing:
    """Delays the announcements of rooms with many jobs or members; the other rooms do not wait."""

    def __init__(self) -> None:
        self._not_before: dict[str, float] = {}

    def must_wait(self, room: str, now: float) -> bool:
        """Tell whether the last announcement to a room was too expensive for another one now.

        Args:
            room: its name.
            now: seconds of a monotonic clock.
        """
        return now < self._not_before.get(room, now)

    def told(self, room: str, now: float, *, seconds: float, size: int) -> None:
        """Count an announcement.

        Args:
            room: the name of the room that was told.
            now: seconds of a monotonic clock.
            seconds: CPU time that it took.
            size: bytes that were sent to all members together.
        """
        waiting = {name: until for name, until in self._not_before.items() if until > now}
        part = min(ROOM_PART, ALL_PART / (1 + len(waiting)))
        pause = max(seconds / part, size / BYTES_PER_SECOND)
        if pause > AT_ONCE_SECONDS:
            waiting[room] = now + pause
        self._not_before = waiting
