"""Builds answers to FetchOutput: pieces of output with the lines typed meanwhile, bounded."""

from collections.abc import Iterable, Sequence

from codesync_protocol.messages import FetchOutput, OutputChunk, OutputPart, StdinEcho
from codesync_protocol.messages.lists import TYPED_LINES
from codesync_protocol.paging import first_page

CHUNKS_MAX = 128
"""Chunks of one answer: a program that alternates its streams makes many small ones. An answer
with so many takes about nine times as long as one with PART_MAX bytes of one stream."""


def bounded_part(
    job: str,
    offset: int,
    chunks: Sequence[OutputChunk],
    total: int,
    typed: Iterable[StdinEcho],
) -> OutputPart:
    """Make an answer that fits into a message.

    If the typed lines do not fit, the answer ends where the first line lies that is left out, so
    that the client asks for that line next.

    Args:
        job: the job.
        offset: where the chunks begin.
        chunks: pieces of output, one behind the other, within the bound of a message.
        total: bytes that the job has written.
        typed: the lines that belong to the chunks, by their offsets and numbers.
    """
    wanted = tuple(typed)
    lines = first_page(wanted, TYPED_LINES)
    if len(lines) == len(wanted):
        return OutputPart(job, offset, tuple(chunks), total, lines)
    end = max(offset, wanted[len(lines)].offset)
    return OutputPart(job, offset, _until(chunks, end - offset), total, lines, more_typed=True)


def first_line_offset(request: FetchOutput) -> int:
    """Give the offset in the output before which no typed line is wanted.

    A client that counts lines may lack some before the offset that it asks for: they lay in output
    that was not kept, and did not fit into the answer before.
    """
    return 0 if request.line else request.offset


def _until(chunks: Sequence[OutputChunk], size: int) -> tuple[OutputChunk, ...]:
    """Give the first bytes of chunks."""
    fitting: list[OutputChunk] = []
    for chunk in chunks:
        if size <= 0:
            break
        fitting.append(OutputChunk(chunk.stream, chunk.data[:size]))
        size -= len(chunk.data)
    return tuple(fitting)
