"""Output that is past: asked for by offset, answered in parts with what was typed meanwhile."""

from typing import Annotated

import msgspec

from codesync_protocol.messages.fields import Count, JobId, Part, Size
from codesync_protocol.messages.job import StdinEcho, Stream
from codesync_protocol.messages.lists import CHUNKS, TYPED_LINES


class FetchOutput(
    msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="fetch"
):
    """Ask for output that is past. One answer comes for each; ask for the next when it is there.

    Attributes:
        job: the job.
        offset: where in its output to begin, in bytes.
        line: the number of the first typed line to include; lines before it are known already. 0:
            all lines from `offset` on.
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
        offset: where the chunks begin. A larger one than asked for means that the server no longer
            has what lies between.
        chunks: the pieces, one behind the other.
        total: how many bytes the job has written so far.
        typed: what was typed while the job wrote these, and behind them if nothing follows.
        more_typed: lines were left out because the message is full: those that lie at `end`, or
            behind it. FetchOutput with a higher `line` brings them.
    """

    job: JobId
    offset: Size
    chunks: Annotated[tuple[OutputChunk, ...], CHUNKS.meta]
    total: Size
    typed: Annotated[tuple[StdinEcho, ...], TYPED_LINES.meta] = ()
    more_typed: bool = False

    @property
    def end(self) -> int:
        """The offset behind the last chunk."""
        return self.offset + sum(len(chunk.data) for chunk in self.chunks)
