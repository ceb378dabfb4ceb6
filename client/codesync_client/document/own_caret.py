"""The own caret on its way to the server. Pure."""

from codesync_client.document.carets import CaretPlace


class OwnCaret:
    """The last position of the own caret, and whether it must be sent."""

    def __init__(self) -> None:
        self._moved: CaretPlace | None = None
        self._is_due = False
        self._is_forced = False

    def move(self, place: CaretPlace, *, send_now: bool) -> None:
        """Set the position; it becomes due with `send_now`, otherwise by `request`."""
        self._moved = place
        self._is_due |= send_now

    def request(self, *, again: bool) -> None:
        """Make the caret due; with `again`, even if the server knows the position."""
        self._is_due = True
        self._is_forced |= again

    def due(self, known: CaretPlace | None) -> CaretPlace | None:
        """Return the position to send now, if there is one.

        Args:
            known: the position that the server knows; None if it knows none.
        """
        if not self._is_due:
            return None
        place, self._moved = self._moved or known, None
        must_send = self._is_forced or place != known
        self._is_due = self._is_forced = False
        return place if must_send else None
