"""Outgoing data: bodies and stdin in parts within a window, and single messages.

Pure: no sockets, no clock. After a cut, everything that was not acknowledged goes out again.
"""

from collections import deque
from collections.abc import Callable, Container, Iterator

from codesync_client.submission import Submission
from codesync_protocol.limits import PART_MAX, STDIN_WINDOW
from codesync_protocol.messages import ClientMessage, StdinData, StdinEnd, SubmitPart


class AckedBytes:
    """Bytes that are sent in parts, at most a window ahead of the acknowledged bytes.

    Attributes:
        acknowledged: number of acknowledged bytes.
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
        """The number of written bytes that are not acknowledged."""
        return len(self._buffer)

    def write(self, data: bytes) -> None:
        """Append bytes."""
        self._buffer += data

    def close(self) -> None:
        """Mark the end of the stream."""
        self._closing = True

    def reopen(self) -> None:
        """Revoke the end of the stream."""
        self._closing = self._end_sent = False

    def acknowledge(self, taken: int) -> None:
        """Set the total number of acknowledged bytes. Invalid numbers are ignored."""
        fresh = taken - self.acknowledged
        if 0 < fresh <= len(self._buffer):
            del self._buffer[:fresh]
            self.acknowledged = taken
            self._sent = max(self._sent, taken)

    def restart(self) -> None:
        """Send unacknowledged bytes again over a new connection."""
        self._sent = self.acknowledged
        self._end_sent = False

    def parts(self) -> Iterator[ClientMessage]:
        """Yield the messages that may be sent now."""
        while (start := self._sent - self.acknowledged) < min(len(self._buffer), STDIN_WINDOW):
            data = bytes(self._buffer[start : min(start + PART_MAX, STDIN_WINDOW)])
            part = self._make_part(self._sent, data)
            self._sent += len(data)
            yield part
        all_sent = self._sent == self.acknowledged + len(self._buffer)
        if self._closing and all_sent and self._end and not self._end_sent:
            self._end_sent = True
            yield self._end


class PendingUpload:
    """A submission that is neither accepted nor rejected yet."""

    def __init__(self, submission: Submission) -> None:
        self._submission = submission
        self._body = submission.body()
        self.restart()

    def restart(self) -> None:
        """Send the whole submission again, because a server forgets an incomplete one at a cut."""
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
        """Set the number of body bytes that the server has."""
        self._rest.acknowledge(received - PART_MAX)

    def parts(self) -> Iterator[ClientMessage]:
        """Yield the messages that may be sent now."""
        if not self._announced:
            self._announced = True
            yield self._submission.message(self._body[:PART_MAX])
        yield from self._rest.parts()


class Outgoing:
    """All outgoing data of one client."""

    def __init__(self) -> None:
        self._messages: deque[ClientMessage] = deque()
        self._uploads: dict[str, PendingUpload] = {}
        self._stdin: dict[str, AckedBytes] = {}

    def add(self, message: ClientMessage) -> None:
        """Queue a single message, which is lost at a cut."""
        self._messages.append(message)

    def add_upload(self, submission: Submission) -> None:
        """Queue a submission, which is not lost at a cut."""
        self._uploads[submission.job] = PendingUpload(submission)

    def upload_acknowledged(self, job: str, received: int) -> None:
        """Set the number of received bytes of a submission's body."""
        if upload := self._uploads.get(job):
            upload.acknowledge(received)

    def upload_done(self, job: str) -> None:
        """Remove an answered submission."""
        self._uploads.pop(job, None)

    def stdin(self, job: str) -> AckedBytes:
        """Return the stdin that this client sends to a job."""
        if job not in self._stdin:
            self._stdin[job] = AckedBytes(
                lambda offset, data: StdinData(job, offset, data), end=StdinEnd(job)
            )
        return self._stdin[job]

    def stdin_reopened(self, job: str) -> None:
        """Reopen the stdin of a job: the server refused its end, because another member types."""
        if stream := self._stdin.get(job):
            stream.reopen()

    def stdin_acknowledged(self, job: str, taken: int) -> None:
        """Set the number of stdin bytes that a program has read."""
        if stream := self._stdin.get(job):
            stream.acknowledge(taken)

    def job_finished(self, job: str) -> None:
        """Remove the stdin of a finished job."""
        self._stdin.pop(job, None)

    def jobs_left(self, unfinished: Container[str]) -> None:
        """Keep only the stdin of these jobs, and of submissions on their way."""
        for job in list(self._stdin):
            if job not in unfinished and job not in self._uploads:
                del self._stdin[job]

    def restart(self) -> None:
        """Continue with a new connection."""
        self._messages.clear()
        for upload in self._uploads.values():
            upload.restart()
        for stream in self._stdin.values():
            stream.restart()

    def parts(self) -> Iterator[ClientMessage]:
        """Yield the messages that may be sent now: single ones first, large submissions in turn."""
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
