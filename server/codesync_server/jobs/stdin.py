"""The stdin of a job: rights of members, bytes on the way, and bytes that were read.

Pure. Bytes count as on the way until the program has taken them.
"""

from collections import defaultdict, deque
from typing import Protocol

from codesync_protocol.errors import Code, FrameError
from codesync_protocol.limits import STDIN_WINDOW
from codesync_protocol.messages import StdinMode

ON_THE_WAY_MAX = 4 * STDIN_WINDOW
"""Bytes of all members together that one program has not taken yet."""

PARTS_MAX = 4096
"""Parts of input by different members in turns; each is an entry in memory, however short."""

KEYS_MAX = PARTS_MAX + 1000
"""Clients whose input is counted. Keys are free: beyond this, the client is forgotten whose input
was all taken, and who has sent nothing for the longest time. There is one, since the input that was
not taken has PARTS_MAX parts at the most."""

KEPT_MAX = STDIN_WINDOW
"""Bytes that are kept in case the program must run again; one that was fed more cannot."""


class InputSink(Protocol):
    """Where input goes once the program runs."""

    def feed_stdin(self, data: bytes) -> None:
        """Take input."""
        ...

    def end_stdin(self) -> None:
        """Take the end of input."""
        ...


class JobStdin:
    """The input of one job.

    Args:
        mode: who may send.
        owner: client key of the submitter.
        prepared: bytes of stdin that came with the submission; the program takes them first.

    Attributes:
        mode: who may send.
        ended: no more will be accepted.
    """

    def __init__(self, mode: StdinMode, owner: str, prepared: int) -> None:
        self.mode = mode
        self.ended = mode is StdinMode.CLOSED
        self._owner = owner
        self._ended_by = ""
        self._received: dict[str, int] = {}  # in the order in which they sent last
        self._credited: defaultdict[str, int] = defaultdict(int)
        self._owed: deque[tuple[str, int]] = deque([("", prepared)])
        self._on_the_way = 0
        self._taken = 0
        self._early = bytearray()
        self._fed = bytearray()
        self._forgot = False
        self._sink: InputSink | None = None

    def open(self, sink: InputSink) -> None:
        """The program is about to run: what came early goes to it, and all that follows."""
        self._sink = sink
        if self._early:
            self._feed(sink, bytes(self._early))
            self._early.clear()
        if self.ended:
            sink.end_stdin()

    def rewind(self) -> bool:
        """The program is to run again: what it was fed comes again when it does.

        Returns:
            Whether all of it is still known; else nothing changes.
        """
        if self._forgot:
            return False
        self._sink = None
        self._early[:0] = self._fed
        self._fed.clear()
        return True

    def accept(self, key: str, offset: int, data: bytes) -> bytes:
        """Take input from a client.

        Args:
            key: the client.
            offset: how many bytes it sent before.
            data: what it sends.

        Returns:
            What of it is new (the rest was sent again after a cut).

        Raises:
            FrameError: the client may not, or sends more than may be on the way, or left a hole.
        """
        new = self.check(key, offset, data)
        fresh = data[len(data) - new :]
        if fresh:
            self._receive(key, len(fresh))
            self._on_the_way += len(fresh)
            self._add_untaken(key, len(fresh))
            if self._sink is None:
                self._early += fresh
            else:
                self._feed(self._sink, fresh)
        return fresh

    def check(self, key: str, offset: int, data: bytes) -> int:
        """Tell how many bytes of a client's input are new; nothing is taken.

        Raises:
            FrameError: as `accept` does.
        """
        self._check_owner(key)
        received = self._received.get(key, 0)
        if offset > received:
            raise FrameError(Code.BAD_SUBMISSION, "stdin with a hole: bytes before it are missing")
        new = max(0, offset + len(data) - received)
        if new:
            self._check_open()
        mine = received - self._credited.get(key, 0)
        is_new_part = bool(new) and not (self._owed and self._owed[-1][0] == key)
        if (
            mine + new > STDIN_WINDOW
            or self._on_the_way + new > ON_THE_WAY_MAX
            or (is_new_part and len(self._owed) >= PARTS_MAX)
        ):
            raise FrameError(
                Code.STDIN_OVERFLOW,
                f"the program has not taken the last {self._on_the_way:,} bytes; these are dropped",
            )
        return new

    def discard(self, key: str, offset: int, data: bytes) -> None:
        """Count input of a client as taken, without giving it to the program.

        Args:
            key: the client.
            offset: how many bytes it sent before.
            data: what it sends.
        """
        received = self._received.get(key, 0)
        fresh = offset + len(data) - received
        if offset <= received and fresh > 0:
            self._credited[key] += fresh
            self._receive(key, fresh)

    def end(self, key: str) -> bool:
        """Take the end of input from a client.

        Returns:
            Whether it is new (the same client may say it again after a cut).

        Raises:
            FrameError: the client may not.
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
        """How much of what a client sent the program has taken, in all."""
        return self._credited.get(key, 0)

    def taken(self, total: int) -> dict[str, int]:
        """Learn how much the program has taken.

        Args:
            total: bytes, prepared ones included; less than before if it runs again.

        Returns:
            For each client that has had something taken: how much of what it sent, in all.
        """
        fresh, self._taken = total - self._taken, max(total, self._taken)
        credited: dict[str, int] = {}
        while fresh > 0 and self._owed:
            key, count = self._owed.popleft()
            part = min(count, fresh)
            fresh -= part
            if part < count:
                self._owed.appendleft((key, count - part))
            if key:
                self._on_the_way -= part
                self._credited[key] += part
                credited[key] = self._credited[key]
        return credited

    def _receive(self, key: str, count: int) -> None:
        """Count bytes of a client, as the latest one that sent some."""
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

    def _add_untaken(self, key: str, count: int) -> None:
        """Remember whose bytes come next; many small messages of one client are one entry."""
        if self._owed and self._owed[-1][0] == key:
            count += self._owed.pop()[1]
        self._owed.append((key, count))

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
