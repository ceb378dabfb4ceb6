"""What a job wrote: kept whole while it is recent, read by offset."""

from array import array
from bisect import bisect_right

from codesync_protocol.messages import OutputChunk, Stream

_STREAMS = tuple(Stream)
_CHUNKS_PER_READ = 1024


class KeptOutput:
    """The output of one job, all streams in the order in which it arrived.

    Attributes:
        total: bytes that were ever added.
        told: how many of them members were told of; the others are nobody's yet.
    """

    def __init__(self) -> None:
        self.total = self.told = 0
        self._data = bytearray()
        # Where each run of one stream begins, and which stream it is: nine bytes a run, so that a
        # program that changes streams with every byte costs little.
        self._starts = array("Q")
        self._streams = bytearray()
        self._dropped = False

    @classmethod
    def gone(cls, total: int) -> "KeptOutput":
        """The output of a job that ended long ago.

        Args:
            total: how many bytes it wrote.
        """
        output = cls()
        output.total = output.told = total
        output._dropped = True
        return output

    @property
    def is_here(self) -> bool:
        """Whether the bytes are still here."""
        return not self._dropped

    @property
    def kept(self) -> int:
        """Bytes that are still here."""
        return len(self._data)

    def add(self, stream: Stream, data: bytes) -> int:
        """Add bytes.

        Returns:
            Their offset.
        """
        offset = self.total
        index = _STREAMS.index(stream)
        if not self._streams or self._streams[-1] != index:
            self._starts.append(offset)
            self._streams.append(index)
        self._data += data
        self.total += len(data)
        return offset

    def drop(self) -> None:
        """Let go of the bytes; the job is not recent any more."""
        self._data = bytearray()
        self._dropped = True

    def read(self, offset: int, limit: int) -> tuple[int, tuple[OutputChunk, ...]]:
        """Read what is past.

        Args:
            offset: where to begin.
            limit: how many bytes at the most.

        Returns:
            Where the chunks begin (behind `offset` if what lies there is gone), and the chunks.
        """
        if self._dropped or offset >= self.total:
            return self.total, ()
        chunks: list[OutputChunk] = []
        run = bisect_right(self._starts, offset) - 1
        position, end = offset, min(offset + limit, self.total)
        while position < end and len(chunks) < _CHUNKS_PER_READ:
            next_run = self._starts[run + 1] if run + 1 < len(self._starts) else self.total
            stop = min(next_run, end)
            stream = _STREAMS[self._streams[run]]
            chunks.append(OutputChunk(stream, bytes(self._data[position:stop])))
            position, run = stop, run + 1
        return offset, tuple(chunks)
