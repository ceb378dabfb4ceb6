"""The output of a job: complete while memory suffices, and read by offset."""

from array import array
from bisect import bisect_left, bisect_right

from codesync_protocol.limits import PART_MAX
from codesync_protocol.messages import OutputChunk, Stream
from codesync_server.jobs.memory_budget import MemoryBudget
from codesync_server.jobs.stdin_log import StdinLog
from codesync_server.store.output_parts import CHUNKS_MAX
from codesync_server.store.packing import OUTPUT_HEAD, OUTPUT_TAIL

_STREAMS = tuple(Stream)

RUN_BYTES = 9
"""Bytes for each change of the stream."""


class OutputLog:
    """The output of one job, all streams in the order in which it arrived.

    Attributes:
        total: number of bytes that were added.
        published: number of bytes that members were sent, or can fetch.
    """

    def __init__(self) -> None:
        self.total = self.published = 0
        self._data = bytearray()
        # Start offset and stream of each run: nine bytes for each run, so that a program that
        # changes streams with every byte costs little memory.
        self._starts = array("Q")
        self._streams = bytearray()
        self._dropped = False
        # The evicted bytes, from offset to offset.
        self._hole_start = self._hole_end = 0
        self._is_final = False
        self._memory: MemoryBudget | None = None
        self._stdin_log: StdinLog | None = None

    @classmethod
    def without_bytes(cls, total: int) -> "OutputLog":
        """Create the log of a job whose output is only in the store.

        Args:
            total: number of bytes that it wrote.
        """
        output = cls()
        output.total = output.published = total
        output._dropped = True
        return output

    @property
    def is_here(self) -> bool:
        """Whether all bytes are in memory."""
        return not self._dropped

    @property
    def held_bytes(self) -> int:
        """Number of bytes in memory."""
        return len(self._data)

    def add(self, stream: Stream, data: bytes) -> int:
        """Add bytes.

        Returns:
            The offset of the first byte.
        """
        offset = self.total
        index = _STREAMS.index(stream)
        if not self._streams or self._streams[-1] != index:
            self._starts.append(offset)
            self._streams.append(index)
        self._data += data
        self.total += len(data)
        self._report()
        return offset

    def account_to(self, memory: MemoryBudget, stdin_log: StdinLog) -> None:
        """Count the bytes in memory in the server's budget.

        Args:
            memory: the budget.
            stdin_log: the typed lines of the job; dropped together with the output.
        """
        self._memory, self._stdin_log = memory, stdin_log
        self._report()

    def finish(self) -> None:
        """Allow all bytes to be evicted: the store gets the output of the finished job."""
        self._is_final = True
        self._report()

    def drop(self) -> None:
        """Drop all bytes; from now on they are read from the store."""
        self._data, self._starts, self._streams = bytearray(), array("Q"), bytearray()
        self._dropped = True
        if self._stdin_log is not None:
            self._stdin_log.drop()
        self._report()

    def evict(self) -> None:
        """Drop all bytes, or while the job runs those that will not be stored."""
        if self._is_final:
            self.drop()
        elif self.total - OUTPUT_TAIL > max(OUTPUT_HEAD, self._hole_end):
            start, self._hole_end = self._index(self._hole_start), self.total - OUTPUT_TAIL
            if not start:
                start = self._hole_start = OUTPUT_HEAD
            del self._data[start : len(self._data) - OUTPUT_TAIL]
            self._report()

    def _index(self, offset: int) -> int:
        """Return the index of an offset in the buffer."""
        return (
            offset if offset <= self._hole_start else offset - (self._hole_end - self._hole_start)
        )

    def _report(self) -> None:
        if self._memory is not None:
            typed = self._stdin_log.held_bytes if self._stdin_log is not None else 0
            runs = len(self._streams) * RUN_BYTES
            self._memory.report(self, len(self._data) + runs + typed)

    def chunks_from(self, offset: int) -> int:
        """Count the chunks that `read` returns with a limit of PART_MAX bytes."""
        first = bisect_right(self._starts, offset)
        last = bisect_left(self._starts, offset + PART_MAX)
        return min(CHUNKS_MAX, last - first + 1)

    def read(self, offset: int, limit: int) -> tuple[int, tuple[OutputChunk, ...]]:
        """Read bytes that are in memory.

        Args:
            offset: first byte to read.
            limit: maximum number of bytes.

        Returns:
            The offset of the chunks (after `offset` if the bytes there were evicted), and the
                chunks.
        """
        if self._dropped or offset >= self.total:
            return self.total, ()
        if self._hole_start <= offset < self._hole_end:
            offset = self._hole_end
        chunks: list[OutputChunk] = []
        run = bisect_right(self._starts, offset) - 1
        position, end = offset, min(offset + limit, self.total)
        if offset < self._hole_start:
            end = min(end, self._hole_start)
        while position < end and len(chunks) < CHUNKS_MAX:
            next_run = self._starts[run + 1] if run + 1 < len(self._starts) else self.total
            stop = min(next_run, end)
            stream, first = _STREAMS[self._streams[run]], self._index(position)
            chunks.append(OutputChunk(stream, bytes(self._data[first : first + stop - position])))
            position, run = stop, run + 1
        return offset, tuple(chunks)
