"""The stored output of a finished job, from which parts are cut without a search."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

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

    def pieces(self, request: FetchOutput) -> int:
        """Count the pieces and typed lines of an answer, before it is built."""
        _, end, runs = self._select(request)
        return len(runs) + min(len(self._lines_before(request, end)), TYPED_LINES.items)

    def part(self, request: FetchOutput) -> OutputPart:
        """Cut a piece out; where something was not kept, it begins behind that."""
        start, end, runs = self._select(request)
        chunks = [OutputChunk(run.stream, run.data[first:last]) for run, first, last in runs]
        numbers = self._lines_before(request, end)[: TYPED_LINES.items + 1]  # one tells of more
        lines = ((number, self._lines[number]) for number in numbers)
        typed = (
            StdinEcho(
                0, request.job, 0, line.typed_by, line.data, offset=line.offset, number=number
            )
            for number, line in lines
        )
        return bounded_part(request.job, start, chunks, self._total, typed)

    def _select(self, request: FetchOutput) -> tuple[int, int, list[tuple[OutputRun, int, int]]]:
        """Choose the runs of an answer.

        Returns:
            The offset of the answer, the offset where it ends, and for each run the first byte
            that belongs to it and the byte behind the last one.
        """
        runs: list[tuple[OutputRun, int, int]] = []
        start, end, size = self._total, -1, 0
        for index in range(bisect_right(self._ends, request.offset), len(self._runs)):
            run = self._runs[index]
            if end not in (-1, run.offset) or size >= PART_MAX or len(runs) >= CHUNKS_MAX:
                break  # a hole, or enough: the rest is asked for next
            first = max(0, request.offset - run.offset)
            last = min(len(run.data), first + PART_MAX - size)
            if end == -1:
                start = run.offset + first
            runs.append((run, first, last))
            size += last - first
            end = run.offset + last
        return start, start + size, runs

    def _lines_before(self, request: FetchOutput, end: int) -> range:
        """Return the numbers of the wanted lines that were typed before the end of an answer."""
        behind = self._total + 1 if end >= self._total else end
        first = bisect_left(self._line_offsets, first_line_offset(request))
        last = bisect_left(self._line_offsets, behind)
        return range(max(first, request.line), max(first, request.line, last))
