"""Own edits on their way to the server, in pieces. Pure."""

from collections import deque
from collections.abc import Iterator

from codesync_client.document.update_split import split_update
from codesync_protocol.limits import EDIT_MAX, PART_MAX
from codesync_protocol.messages import Edit


class OwnEdits:
    """Edits that the server has not confirmed.

    Attributes:
        number: the number of the latest edit.
    """

    def __init__(self) -> None:
        self.number = 0
        self._unsent: deque[Edit] = deque()
        self._sent: deque[Edit] = deque()

    @property
    def count(self) -> int:
        """The number of edits that wait to be sent or confirmed."""
        return len({each.number for each in (*self._sent, *self._unsent)})

    @property
    def oldest(self) -> int | None:
        """The number of the first of these edits; None if there is none."""
        for waiting in (self._sent, self._unsent):
            if waiting:
                return waiting[0].number
        return None

    @property
    def are_unconfirmed(self) -> bool:
        """Whether edits were sent and not confirmed."""
        return bool(self._sent)

    def add(self, update: bytes) -> bool:
        """Add an update, as one edit or more.

        Returns:
            Whether it can be sent; one that cannot is added in part.
        """
        for part in split_update(update):
            if len(part) > EDIT_MAX:
                return False
            self.number += 1
            for start in range(0, len(part), PART_MAX):
                more = start + PART_MAX < len(part)
                self._unsent.append(Edit(self.number, part[start : start + PART_MAX], more))
        return True

    def send(self) -> Iterator[Edit]:
        """Yield the messages to send now."""
        while self._unsent:
            edit = self._unsent.popleft()
            self._sent.append(edit)
            yield edit

    def send_again(self) -> None:
        """Send unconfirmed edits again."""
        self._unsent.extendleft(reversed(self._sent))
        self._sent.clear()

    def confirm(self, number: int) -> None:
        """Remove all edits up to a number, which the server has."""
        for waiting in (self._sent, self._unsent):
            while waiting and waiting[0].number <= number:
                waiting.popleft()

    def clear(self) -> None:
        """Remove all edits."""
        self._unsent.clear()
        self._sent.clear()
