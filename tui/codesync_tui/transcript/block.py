"""The output of one job: its lines, and how many rows they take."""

import re
from bisect import bisect_right
from collections.abc import Iterator

from codesync_protocol.messages import Stream as StreamName
from codesync_tui.transcript.escape_sequences import CarriageReturn
from codesync_tui.transcript.output_line import LineBuilder, OutputLine, whole_line
from codesync_tui.transcript.output_style import OutputSource, OutputStyle
from codesync_tui.transcript.stream_decoder import StreamDecoder

_SOURCES = {
    StreamName.STDOUT: OutputSource.STDOUT,
    StreamName.STDERR: OutputSource.STDERR,
    StreamName.COMPILER: OutputSource.COMPILER,
}


class Block:
    """The output of one job.

    Invariant: `_ends[i]` is the number of rows up to and including line i, plus a base. The base
    grows when lines are dropped, so that nothing is renumbered.

    Args:
        job: the id of the job.
        width: columns in which lines are wrapped; 0 turns wrapping off.

    Attributes:
        job: the id of the job.
        dropped: how many lines were dropped to make room.
        cost: the sum of OutputLine.cost.
        columns: the width of the longest line, including dropped ones.
    """

    def __init__(self, job: str, width: int = 0) -> None:
        self.job = job
        self.dropped = 0
        self.cost = 0
        self.columns = 0
        self._width = width
        self._lines: list[OutputLine] = []
        self._ends: list[int] = []
        self._base = 0
        self._unfinished = LineBuilder()
        self._decoders = {name: StreamDecoder(source) for name, source in _SOURCES.items()}

    # Writing.

    def write(self, stream: StreamName, data: bytes) -> None:
        """Append output."""
        for piece, style in self._decoders[stream].feed(data):
            self._append_piece(piece, style)

    def write_stdin(self, name: str, data: bytes, *, end: bool) -> None:
        """Append what a member typed, behind the prompt that it answers.

        Args:
            name: the name of the member.
            data: the typed bytes.
            end: the member also ended the input.
        """
        style = OutputStyle(OutputSource.TYPED)
        typed = data.decode("utf-8", "replace")
        for line in typed.removesuffix("\n").split("\n") if typed else ():
            self._append_piece(f"{name}> {line}\n", style)
        if end:
            self._append_piece(f"{name}> (end of input)\n", style)

    def add_note(self, text: str) -> None:
        """Append a note on a line of its own."""
        self._break_line()
        self._append_piece(f"{text}\n", OutputStyle(OutputSource.NOTE))

    def skip(self, text: str) -> None:
        """Append a note that bytes are missing.

        Args:
            text: the note.
        """
        for stream in self._decoders.values():
            for piece, style in stream.skip():
                self._append_piece(piece, style)
        self.add_note(text)

    def finish(self) -> None:
        """Flush incomplete characters and sequences, and end the last line."""
        for stream in self._decoders.values():
            for piece, style in stream.finish():
                self._append_piece(piece, style)
        self._break_line()

    # Reading.

    @property
    def line_count(self) -> int:
        """The number of lines, including the unfinished one."""
        return len(self._lines) + (not self._unfinished.is_empty)

    @property
    def rows(self) -> int:
        """The number of rows that the lines take."""
        rows = self._ends[-1] - self._base if self._ends else 0
        if not self._unfinished.is_empty:
            rows += self._unfinished.line().rows(self._width)
        return rows

    def line(self, index: int) -> OutputLine:
        """Return a line by its index; the unfinished one comes last."""
        return self._lines[index] if index < len(self._lines) else self._unfinished.line()

    def lines(self) -> Iterator[OutputLine]:
        """Yield all lines, the unfinished one last."""
        yield from self._lines
        if not self._unfinished.is_empty:
            yield self._unfinished.line()

    def row(self, row: int) -> tuple[OutputLine, int, int | None]:
        """Return what a row shows.

        Args:
            row: the row, from 0.

        Returns:
            The line, and the start and end of the row in its text (None: the end of the line).
        """
        index = bisect_right(self._ends, row + self._base)
        line = self.line(index)
        breaks = line.breaks(self._width)
        inside = row + self._base - (self._ends[index - 1] if index else self._base)
        end = breaks[inside + 1] if inside + 1 < len(breaks) else None
        return line, breaks[inside], end

    def find_rows(self, pattern: re.Pattern[str]) -> Iterator[int]:
        """Yield the rows, from 0, in which a match begins."""
        for index in range(self.line_count):
            line = self.line(index)
            above = self._ends[index - 1] - self._base if index else 0
            for match in pattern.finditer(line.text):
                yield above + bisect_right(line.breaks(self._width), match.start()) - 1

    def set_width(self, width: int) -> None:
        """Wrap the lines for another width."""
        if width == self._width:
            return
        self._width = width
        self._base = end = 0
        self._ends.clear()
        for line in self._lines:
            end += line.rows(width)
            self._ends.append(end)

    def drop(self, count: int) -> int:
        """Discard the first lines.

        Args:
            count: the largest number of finished lines to discard.

        Returns:
            The number of rows that were discarded.
        """
        count = min(count, len(self._lines))
        if not count:
            return 0
        self.cost -= sum(line.cost for line in self._lines[:count])
        rows = self._ends[count - 1] - self._base
        self._base = self._ends[count - 1]
        del self._lines[:count], self._ends[:count]
        self.dropped += count
        return rows

    def _append_piece(self, piece: str | CarriageReturn, style: OutputStyle) -> None:
        if isinstance(piece, CarriageReturn):
            self._unfinished.carriage_return()
            return
        head, *more = piece.split("\n")
        self._unfinished.add(head, style)
        if more:
            self._append_line(self._unfinished.end())
            for text in more[:-1]:
                self._append_line(whole_line(text, style))
            self._unfinished.add(more[-1], style)

    def _break_line(self) -> None:
        if not self._unfinished.is_empty:
            self._append_line(self._unfinished.end())

    def _append_line(self, line: OutputLine) -> None:
        self._lines.append(line)
        self._ends.append((self._ends[-1] if self._ends else self._base) + line.rows(self._width))
        self.cost += line.cost
        self.columns = max(self.columns, line.columns)
