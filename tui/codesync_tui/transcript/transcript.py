"""The output of all jobs of a room, one block below the other, within bounds."""

import re
from bisect import bisect_right
from enum import Enum, auto
from itertools import accumulate, islice
from typing import Final, NamedTuple

from codesync_protocol.messages import Stream
from codesync_tui.transcript.block import Block
from codesync_tui.transcript.captions import Ending, Heading
from codesync_tui.transcript.output_line import OutputLine

LINES_MAX: Final = 20_000
COST_MAX: Final = 8_000_000
"""The bound of the sum of OutputLine.cost: lines may be 4,096 characters long."""

BLOCKS_MAX: Final = 200

MATCHES_MAX: Final = 10_000
"""The search stops after so many matches."""


class RowKind(Enum):
    """What a row shows."""

    HEADING = auto()
    LINE = auto()
    """A line of output, or of the ending below it."""
    GAP = auto()


class TranscriptRow(NamedTuple):
    """One row of the transcript.

    Attributes:
        kind: what the row shows.
        job: the id of the job.
        line: the line that the row shows a part of, if any.
        start: the start of the row in the text of the line.
        end: the end of the row in it; None for the end of the line.
    """

    kind: RowKind
    job: str
    line: OutputLine = OutputLine("")
    start: int = 0
    end: int | None = None


class _JobEntry:
    """A block with its heading, its ending and the gap below."""

    def __init__(self, heading: Heading, block: Block, width: int) -> None:
        self.heading = heading
        self.block = block
        self.has_ended = False
        self._width = width
        self._ending: Ending | None = None
        self._ending_rows: list[tuple[OutputLine, int, int | None]] = []

    @property
    def rows(self) -> int:
        return 2 + self.block.rows + len(self._ending_rows)

    @property
    def ending_text(self) -> str:
        lines = self._ending.lines() if self._ending else []
        return "".join(f"{line.text}\n" for line in lines)

    def end(self, ending: Ending) -> None:
        self.has_ended = True
        self._ending = ending
        self._break_ending()

    def set_width(self, width: int) -> None:
        self._width = width
        self.block.set_width(width)
        self._break_ending()

    def row(self, job: str, row: int) -> TranscriptRow:
        if row == 0:
            return TranscriptRow(RowKind.HEADING, job)
        if row <= (rows := self.block.rows):
            return TranscriptRow(RowKind.LINE, job, *self.block.row(row - 1))
        below = row - rows - 1
        if below < len(self._ending_rows):
            return TranscriptRow(RowKind.LINE, job, *self._ending_rows[below])
        return TranscriptRow(RowKind.GAP, job)

    def _break_ending(self) -> None:
        self._ending_rows = []
        for line in self._ending.lines(self._width) if self._ending else ():
            breaks = line.breaks(self._width)
            ends = [*breaks[1:], None]
            self._ending_rows += [
                (line, start, end) for start, end in zip(breaks, ends, strict=True)
            ]


class OutputTranscript:
    """The output of all jobs of a room.

    Args:
        lines_max: the bound of lines of all jobs together.
        cost_max: the bound of the sum of OutputLine.cost.
        blocks_max: the bound of jobs.
    """

    def __init__(
        self,
        *,
        lines_max: int = LINES_MAX,
        cost_max: int = COST_MAX,
        blocks_max: int = BLOCKS_MAX,
    ) -> None:
        self._lines_max = lines_max
        self._cost_max = cost_max
        self._blocks_max = blocks_max
        self._width = 0
        self._entries: dict[str, _JobEntry] = {}
        self._starts: list[int] | None = None

    # Writing.

    def begin(self, job: str, heading: Heading) -> None:
        """Add a job below all others, unless it was added before."""
        if job not in self._entries:
            self._entries[job] = _JobEntry(heading, Block(job, self._width), self._width)
            self._starts = None

    def write(self, job: str, stream: Stream, data: bytes) -> None:
        """Append output of a job."""
        self._block(job).write(stream, data)

    def write_stdin(self, job: str, name: str, data: bytes, *, end: bool) -> None:
        """Append what a member typed into a job."""
        self._block(job).write_stdin(name, data, end=end)

    def skip(self, job: str, text: str) -> None:
        """Append a note that output is missing."""
        self._block(job).skip(text)

    def end(self, job: str, ending: Ending) -> None:
        """Show how a job ended; output that is fetched later still goes above this."""
        self._block(job).finish()
        self._entries[job].end(ending)

    def clear(self) -> None:
        """Discard the output of all finished jobs."""
        self._entries = {job: entry for job, entry in self._entries.items() if not entry.has_ended}
        self._starts = None

    def trim(self) -> tuple[int, int]:
        """Discard the oldest lines until everything is within its bounds.

        Returns:
            The first discarded row, and the number of discarded rows; the rows below moved up.
        """
        if len(self._entries) > self._blocks_max:
            oldest = next(iter(self._entries))
            self._starts = None
            return 0, self._entries.pop(oldest).rows
        blocks = [entry.block for entry in self._entries.values()]
        excess = sum(block.line_count for block in blocks) - self._lines_max
        cost = sum(block.cost for block in blocks) - self._cost_max
        if excess <= 0 and cost <= 0:
            return 0, 0
        for index, block in enumerate(blocks):
            if block.line_count:
                # To save cost, drop a sixteenth of the block at a time, so that this is rare.
                count = max(excess, block.line_count // 16 + 1 if cost > 0 else 0)
                rows = block.drop(count)
                self._starts = None
                if rows:
                    return self._row_starts()[index] + 1, rows
        return 0, 0

    # Reading.

    def __contains__(self, job: str) -> bool:
        return job in self._entries

    @property
    def rows(self) -> int:
        """The number of rows; the last one is never a gap."""
        return max(0, self._row_starts()[-1] - 1)

    @property
    def columns(self) -> int:
        """The width of the longest line, or more if that line was dropped."""
        return max((entry.block.columns for entry in self._entries.values()), default=0)

    def row(self, row: int) -> TranscriptRow:
        """Return what a row shows.

        Args:
            row: the row, from 0, less than `rows`.
        """
        starts = self._row_starts()
        index = bisect_right(starts, row) - 1
        job, entry = list(self._entries.items())[index]
        return entry.row(job, row - starts[index])

    def find_rows(self, pattern: re.Pattern[str]) -> list[int]:
        """Return the rows in which a match begins, at most MATCHES_MAX."""
        starts = self._row_starts()
        found = (
            start + 1 + row
            for start, entry in zip(starts, self._entries.values(), strict=False)
            for row in entry.block.find_rows(pattern)
        )
        return list(islice(found, MATCHES_MAX))

    @property
    def jobs(self) -> tuple[str, ...]:
        """All jobs from top to bottom."""
        return tuple(self._entries)

    def span(self, job: str) -> tuple[int, int]:
        """Return the row of a job's heading, and the row behind its last one."""
        starts = self._row_starts()
        index = list(self._entries).index(job)
        return starts[index], starts[index + 1] - 1  # without the gap

    def last_job(self) -> str:
        """Return the lowest job; empty if there is none."""
        return next(reversed(self._entries), "")

    def heading(self, job: str) -> Heading:
        """Return the heading of a job."""
        return self._entries[job].heading

    def has_ended(self, job: str) -> bool:
        """Return whether a job is shown and has ended."""
        return job in self._entries and self._entries[job].has_ended

    def dropped(self, job: str) -> int:
        """Return how many lines of a job were dropped."""
        return self._entries[job].block.dropped

    def caption(self, job: str) -> str:
        """Return what a job's heading says behind the submitter's name."""
        heading, dropped = self._entries[job].heading, self.dropped(job)
        fed = f"with {heading.input}  " if heading.input else ""
        caption = f"{heading.title}  {heading.language}  {fed}{heading.short_id}"
        return f"{caption}  (its first {dropped:,} lines are gone)" if dropped else caption

    def text(self, job: str) -> str:
        """Return the kept output of a job."""
        return "".join(f"{line.text}\n" for line in self._entries[job].block.lines())

    def last_text(self) -> str:
        """Return the kept output of the last job; empty if there is none."""
        return self.text(self.last_job()) if self._entries else ""

    def all_text(self) -> str:
        """Return all that is kept as it is shown: headings, output and endings."""
        return "\n".join(
            f"{entry.heading.name}  {self.caption(job)}\n{self.text(job)}{entry.ending_text}"
            for job, entry in self._entries.items()
        )

    def set_width(self, width: int) -> None:
        """Wrap the lines for another width in columns; 0 turns wrapping off."""
        self._width = width
        for entry in self._entries.values():
            entry.set_width(width)
        self._starts = None

    def _block(self, job: str) -> Block:
        self._starts = None
        return self._entries[job].block

    def _row_starts(self) -> list[int]:
        """Return the first row of each block, and the row behind the last block."""
        if self._starts is None:
            self._starts = list(
                accumulate((entry.rows for entry in self._entries.values()), initial=0)
            )
        return self._starts
