"""What still has to go out: bodies and stdin in parts within a window, and single messages.

Pure: no sockets, no clock. After a cut, everything that was not acknowledged goes out again.
"""

from collections import deque
from collections.abc import Callable, Container, Iterator

from codesync_client.submission import Submission
from codesync_protocol.limits import PART_MAX, STDIN_WINDOW
from codesync_protocol.messages import ClientMessage, StdinData, StdinEnd, SubmitPart


class AckedBytes:
    """Bytes that go out in parts, no more than a window ahead of what the other end has taken.

    Attributes:
        acknowledged: how many bytes the other end has taken.
    """

    def __init__(
        self,
        make_part: Callable[[int, bytes], ClientMessage],
        *,
        end: ClientMessage | None = None,
    ) -> None:
        self.acknowledged = 0
        self._make_part = make_part
        self._end = end
        self._buffer = bytearray()  # what is not acknowledged yet
        self._sent = 0
        self._closing = False
        self._end_sent = False

    @property
    def unacknowledged(self) -> int:
        """How many bytes were written and not taken yet."""
        return len(self._buffer)

    def write(self, data: bytes) -> None:
        """Add bytes behind the others."""
        self._buffer += data

    def close(self) -> None:
        """Say that nothing more will be written."""
        self._closing = True

    def reopen(self) -> None:
        """More may be written after all."""
        self._closing = self._end_sent = False

    def acknowledge(self, taken: int) -> None:
        """Learn how much the other end has taken, in all. Nonsense is ignored."""
        fresh = taken - self.acknowledged
        if 0 < fresh <= len(self._buffer):
            del self._buffer[:fresh]
            self.acknowledged = taken
            self._sent = max(self._sent, taken)

    def restart(self) -> None:
        """Send again whatever is not acknowledged: the connection is a new one."""
        self._sent = self.acknowledged
        self._end_sent = False

    def parts(self) -> Iterator[ClientMessage]:
        """Give out what may be sent now."""
        while (start := self._sent - self.acknowledged) < min(len(self._buffer), STDIN_WINDOW):
            data = bytes(self._buffer[start : min(start + PART_MAX, STDIN_WINDOW)])
            part = self._make_part(self._sent, data)
            self._sent += len(data)
            yield part
        all_sent = self._sent == self.acknowledged + len(self._buffer)
        if self._closing and all_sent and self._end and not self._end_sent:
            self._end_sent = True
            yield self._end


class Upload:
    """A submission on its way until it is accepted or rejected."""

    def __init__(self, submission: Submission) -> None:
        self._submission = submission
        self._body = submission.body()
        self.restart()

    def restart(self) -> None:
        """Send all of it (again): a server forgets a half submission with its connection."""
        self._announced = False
        self._rest = AckedBytes(
            lambda offset, data: SubmitPart(self._submission.job, PART_MAX + offset, data)
        )
        self._rest.write(self._body[PART_MAX:])

    @property
    def goes_in_parts(self) -> bool:
        """Whether the body does not fit into one message."""
        return len(self._body) > PART_MAX

    def acknowledge(self, received: int) -> None:
        """Learn how much of the body the server has."""
        self._rest.acknowledge(received - PART_MAX)

    def parts(self) -> Iterator[ClientMessage]:
        """Give out what may be sent now."""
        if not self._announced:
            self._announced = True
            yield self._submission.message(self._body[:PART_MAX])
        yield from self._rest.parts()


class Outgoing:
    """Everything of one client that still has to go out."""

    def __init__(self) -> None:
        self._messages: deque[ClientMessage] = deque()
        self._uploads: dict[str, Upload] = {}
        self._stdin: dict[str, AckedBytes] = {}

    def add(self, message: ClientMessage) -> None:
        """Queue a single message; a cut loses it."""
        self._messages.append(message)

    def add_upload(self, submission: Submission) -> None:
        """Queue a submission; a cut does not lose it."""
        self._uploads[submission.job] = Upload(submission)

    def upload_acknowledged(self, job: str, received: int) -> None:
        """Learn how much of a submission's body has arrived."""
        if upload := self._uploads.get(job):
            upload.acknowledge(received)

    def upload_done(self, job: str) -> None:
        """Forget a submission that was answered."""
        self._uploads.pop(job, None)

    def stdin(self, job: str) -> AckedBytes:
        """The stdin that this client sends to a job."""
        if job not in self._stdin:
            self._stdin[job] = AckedBytes(
                lambda offset, data: StdinData(job, offset, data), end=StdinEnd(job)
            )
        return self._stdin[job]

    def stdin_reopened(self, job: str) -> None:
        """The end of our stdin was not taken: somebody else types."""
        if stream := self._stdin.get(job):
            stream.reopen()

    def stdin_acknowledged(self, job: str, taken: int) -> None:
        """Learn how much of our stdin a program has taken."""
        if stream := self._stdin.get(job):
            stream.acknowledge(taken)

    def job_finished(self, job: str) -> None:
        """Forget the stdin of a job that takes no more."""
        self._stdin.pop(job, None)

    def jobs_left(self, unfinished: Container[str]) -> None:
        """Forget the stdin of all jobs but these, and those that are on their way."""
        for job in list(self._stdin):
            if job not in unfinished and job not in self._uploads:
                del self._stdin[job]

    def restart(self) -> None:
        """The connection is a new one."""
        self._messages.clear()
        for upload in self._uploads.values():
            upload.restart()
        for stream in self._stdin.values():
            stream.restart()

    def parts(self) -> Iterator[ClientMessage]:
        """Give out what may be sent now, single messages first, of large submissions one by one."""
        while self._messages:
            yield self._messages.popleft()
        large_one_is_on_its_way = False
        for upload in list(self._uploads.values()):
            if upload.goes_in_parts:
                if large_one_is_on_its_way:
                    continue
                large_one_is_on_its_way = True
            yield from upload.parts()
        for stream in list(self._stdin.values()):
            yield from stream.parts()
