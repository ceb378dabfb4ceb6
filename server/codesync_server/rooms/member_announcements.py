"""Announces the members of a room, at a bounded cost.

The list of N members goes to N members, so clients that come and go in a large room would cost the
server more than anything else. Small rooms are told of each change at once.
"""

from collections.abc import Callable
from time import monotonic

BYTES_PER_SECOND = 1024 * 1024
BURST_SECONDS = 2.0
"""A room receives this many seconds' worth of bytes before its announcements are delayed."""


class MemberAnnouncements:
    """Announces the members of one room.

    Args:
        tell: sends the list to all members; returns the bytes that were sent to all of them
            together.
        clock: returns the seconds of a monotonic clock.
    """

    def __init__(self, tell: Callable[[], int], clock: Callable[[], float] = monotonic) -> None:
        self._tell = tell
        self._clock = clock
        self._paid_until = 0.0
        self._is_late = False

    def changed(self, *, is_urgent: bool = False) -> None:
        """Announce a change now, or in `announce_delayed` if the budget is used up.

        Args:
            is_urgent: announce the change now, at any cost: a host made it.
        """
        self._is_late = True
        if is_urgent:
            self._announce()
        else:
            self.announce_delayed()

    def announce_delayed(self) -> None:
        """Announce delayed changes if the budget allows it again."""
        if self._is_late and self._paid_until <= self._clock() + BURST_SECONDS:
            self._announce()

    def _announce(self) -> None:
        self._is_late = False
        self._paid_until = max(self._paid_until, self._clock()) + self._tell() / BYTES_PER_SECOND
