"""Past output, requested by offset and answered in parts together with typed lines."""

from typing import Annotated

import msgspec

from codesync_protocol.messages.fields import Count, JobId, Part, Size
from codesync_protocol.messages.job import StdinEcho, Stream
from codesync_protocol.messages.lists import CHUNKS, TYPED_LINES


class FetchOutput(
    msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="fetch"
):
    """Ask for past output. Each request has one answer; then ask for the next part.

    Attributes:
        job: the job.
        offset: the position in the output where the answer begins, in bytes.
        line: the number of the first typed line that the client does not know; 0 for all lines
            from `offset` on.
    """

    job: JobId
    offset: Size
    line: Count = 0


class OutputChunk(msgspec.Struct, frozen=True, array_like=True):
    """A piece of past output."""

    stream: Stream
    data: Part


class OutputPart(msgspec.Struct, frozen=True, array_like=True, tag="output_part"):
    """Past output, in answer to FetchOutput.

    Attributes:
        job: the job.
        offset: the position of the first chunk. If it is larger than requested, the server no
            longer has the bytes between.
        chunks: the pieces in order.
        total: how many bytes the job has written so far.
        typed: lines that were typed during this output, and after it if no output follows.
        more_typed: whether lines at `end` or later were left out because the message is full.
            FetchOutput with a higher `line` returns them.
    """

    job: JobId
    offset: Size
    chunks: Annotated[tuple[OutputChunk, ...], CHUNKS.meta]
    total: Size
    typed: Annotated[tuple[StdinEcho, ...], TYPED_LINES.meta] = ()
    more_typed: bool = False

    @property
    def end(self) -> int:
        """The offset after the last chunk."""
        return self.offset + sum(len(chunk.data) for chunk in self.chunks)
