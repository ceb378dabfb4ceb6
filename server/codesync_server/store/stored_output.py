"""The stored output of a finished job, from which parts are cut without a search."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import islice

from codesync_protocol.limits import PART_MAX
from codesync_protocol.messages import FetchOutput, OutputChunk, OutputPart, StdinEcho
from codesync_protocol.messages.lists import TYPED_LINES
from codesync_server.store.output_parts import CHUNKS_MAX, bounded_part, first_line_offset
from codesync_server.store.records import OutputRun

RUN_BYTES = 150
"""What a run of one stream costs in memory besides its bytes."""


class StoredOutput:
    """The output of one job.

    Args:
        runs: what the job wrote, and what members typed.
        total: bytes that the job wrote.

    Attributes:
        memory: bytes of memory that it takes.
    """

    def __init__(self, runs: Sequence[OutputRun], total: int) -> None:
        self.memory = sum(len(run.data) + RUN_BYTES for run in runs)
        self._total = total
        self._runs = sorted((run for run in runs if not run.typed_by), key=lambda run: run.offset)
        self._ends = [run.offset + len(run.data) for run in self._runs]
        self._lines = sorted((run for run in runs if run.typed_by), key=lambda run: run.offset)
        self._line_offsets = [line.offset for line in self._lines]

    def part(self, request: FetchOutput) -> OutputPart:
        """Cut a piece out; where something was not kept, it begins behind that."""
        offset, total = request.offset, self._total
        chunks: list[OutputChunk] = []
        start, end, size = total, -1, 0
        for index in range(bisect_right(self._ends, offset), len(self._runs)):
            run = self._runs[index]
            if end not in (-1, run.offset) or size >= PART_MAX or len(chunks) >= CHUNKS_MAX:
                break  # a hole, or enough: the rest is asked for next
            first = max(0, offset - run.offset)
            data = run.data[first : first + PART_MAX - size]
            if end == -1:
                start = run.offset + first
            chunks.append(OutputChunk(run.stream, data))
            size += len(data)
            end = run.offset + first + len(data)
        part_end = start + size
        behind = total + 1 if part_end >= total else part_end
        typed = islice(self._typed(request, behind), TYPED_LINES.items + 1)  # one tells of more
        return bounded_part(request.job, start, chunks, total, typed)

    def _typed(self, request: FetchOutput, behind: int) -> Iterator[StdinEcho]:
        """Give the wanted lines that were typed before an offset."""
        first = bisect_left(self._line_offsets, first_line_offset(request))
        last = bisect_left(self._line_offsets, behind)
        for number in range(max(first, request.line), last):
            line = self._lines[number]
            yield StdinEcho(
                0, request.job, 0, line.typed_by, line.data, offset=line.offset, number=number
            )
