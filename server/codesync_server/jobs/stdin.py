"""The stdin of a job: rights of members, unread bytes, and bytes that were read.

Pure. Bytes are unread until the program has read them.
"""

from collections import defaultdict, deque
from typing import Protocol

from codesync_protocol.errors import Code, FrameError
from codesync_protocol.limits import STDIN_WINDOW
from codesync_protocol.messages import StdinMode

UNREAD_MAX = 4 * STDIN_WINDOW
"""Maximum unread bytes of all members together for one program."""

PARTS_MAX = 4096
"""Maximum parts of unread stdin from alternating members; each is an entry in memory."""

KEYS_MAX = PARTS_MAX + 1000
"""Maximum number of clients whose stdin is counted. Keys are free to create, so beyond it a client
is forgotten whose stdin was read, and who was inactive for the longest time. There always is one,
because unread stdin has at most PARTS_MAX parts."""

KEPT_MAX = STDIN_WINDOW
"""Maximum bytes that are kept for a second attempt; a program that read more cannot run again."""


class InputSink(Protocol):
    """Receives stdin once the program runs."""

    def feed_stdin(self, data: bytes) -> None:
        """Feed bytes of stdin."""
        ...

    def end_stdin(self) -> None:
        """Close stdin."""
        ...


class JobStdin:
    """The stdin of one job.

    Args:
        mode: which members may send.
        prepared: number of bytes that came with the submission; the program reads them first.

    Attributes:
        mode: which members may send.
        ended: whether it is closed.
    """

    def __init__(self, mode: StdinMode, owner: str, prepared: int) -> None:
        self.mode = mode
        self.ended = mode is StdinMode.CLOSED
        self._owner = owner
        self._ended_by = ""
        self._received: dict[str, int] = {}  # in the order of their last stdin
        self._credited: defaultdict[str, int] = defaultdict(int)
        self._unread_parts: deque[tuple[str, int]] = deque([("", prepared)])
        self._unread = 0
        self._taken = 0
        self._early = bytearray()
        self._fed = bytearray()
        self._forgot = False
        self._sink: InputSink | None = None

    def open(self, sink: InputSink) -> None:
        """Connect to the running program: early bytes are sent to it, and then all later ones."""
        self._sink = sink
        if self._early:
            self._feed(sink, bytes(self._early))
            self._early.clear()
        if self.ended:
            sink.end_stdin()

    def rewind(self) -> bool:
        """Prepare for a second attempt, which gets the same bytes again.

        Returns:
            Whether all bytes are still known; if not, nothing changes.
        """
        if self._forgot:
            return False
        self._sink = None
        self._early[:0] = self._fed
        self._fed.clear()
        return True

    def accept(self, key: str, offset: int, data: bytes) -> bytes:
        """Accept bytes from a client.

        Args:
            key: client key.
            offset: number of bytes that it sent before.

        Returns:
            The new bytes (a client sends bytes again after a reconnect).

        Raises:
            FrameError: the client may not send, exceeds the limit on unread bytes, or left a gap.
        """
        new = self.check(key, offset, data)
        fresh = data[len(data) - new :]
        if fresh:
            self._receive(key, len(fresh))
            self._unread += len(fresh)
            self._add_unread(key, len(fresh))
            if self._sink is None:
                self._early += fresh
            else:
                self._feed(self._sink, fresh)
        return fresh

    def check(self, key: str, offset: int, data: bytes) -> int:
        """Return how many bytes of a client's stdin are new, without accepting them.

        Raises:
            FrameError: as for `accept`.
        """
        self._check_owner(key)
        received = self._received.get(key, 0)
        if offset > received:
            raise FrameError(Code.BAD_SUBMISSION, "stdin with a hole: bytes before it are missing")
        new = max(0, offset + len(data) - received)
        if new:
            self._check_open()
        mine = received - self._credited.get(key, 0)
        is_new_part = bool(new) and not (self._unread_parts and self._unread_parts[-1][0] == key)
        if (
            mine + new > STDIN_WINDOW
            or self._unread + new > UNREAD_MAX
            or (is_new_part and len(self._unread_parts) >= PARTS_MAX)
        ):
            raise FrameError(
                Code.STDIN_OVERFLOW,
                f"the program has not taken the last {self._unread:,} bytes; these are dropped",
            )
        return new

    def discard(self, key: str, offset: int, data: bytes) -> None:
        """Count bytes of a client as read, without passing them to the program.

        Args:
            key: client key.
            offset: number of bytes that it sent before.
        """
        received = self._received.get(key, 0)
        fresh = offset + len(data) - received
        if offset <= received and fresh > 0:
            self._credited[key] += fresh
            self._receive(key, fresh)

    def end(self, key: str) -> bool:
        """Close stdin on behalf of a client.

        Returns:
            Whether it was open (a client can repeat this after a reconnect).

        Raises:
            FrameError: the client may not send.
        """
        self._check_owner(key)
        if self.ended and key == self._ended_by:
            return False
        self._check_open()
        self.ended = True
        self._ended_by = key
        if self._sink is not None:
            self._sink.end_stdin()
        return True

    def credited(self, key: str) -> int:
        """Return the total number of bytes of a client that the program has read."""
        return self._credited.get(key, 0)

    def taken(self, total: int) -> dict[str, int]:
        """Set the number of bytes that the program has read.

        Args:
            total: number of bytes with the prepared ones; smaller than before in a second attempt.

        Returns:
            For each client whose bytes were read: the total number of its bytes that were read.
        """
        fresh, self._taken = total - self._taken, max(total, self._taken)
        credited: dict[str, int] = {}
        while fresh > 0 and self._unread_parts:
            key, count = self._unread_parts.popleft()
            part = min(count, fresh)
            fresh -= part
            if part < count:
                self._unread_parts.appendleft((key, count - part))
            if key:
                self._unread -= part
                self._credited[key] += part
                credited[key] = self._credited[key]
        return credited

    def _receive(self, key: str, count: int) -> None:
        """Count bytes of a client, and move it to the end of the order."""
        self._received[key] = self._received.pop(key, 0) + count
        if len(self._received) > KEYS_MAX:
            settled = (
                each
                for each, received in self._received.items()
                if each != key and self._credited.get(each, 0) == received
            )
            if oldest := next(settled, ""):
                del self._received[oldest]
                self._credited.pop(oldest, None)

    def _add_unread(self, key: str, count: int) -> None:
        """Record whose bytes come next; consecutive parts of one client become one entry."""
        if self._unread_parts and self._unread_parts[-1][0] == key:
            count += self._unread_parts.pop()[1]
        self._unread_parts.append((key, count))

    def _feed(self, sink: InputSink, data: bytes) -> None:
        self._forgot = self._forgot or len(self._fed) + len(data) > KEPT_MAX
        if self._forgot:
            self._fed.clear()
        else:
            self._fed += data
        sink.feed_stdin(data)

    def _check_owner(self, key: str) -> None:
        if self.mode is StdinMode.PIPED and key != self._owner:
            raise FrameError(Code.STDIN_CLOSED, "only the submitter sends this program's stdin")

    def _check_open(self) -> None:
        if self.ended:
            raise FrameError(Code.STDIN_CLOSED, "the program's stdin is closed")
