"""Orders the output of one job: live events, repeats after a reconnect, and fetched parts."""

from codesync_client.events import JobOutput, OutputSkipped
from codesync_protocol.messages import Output, OutputChunk, OutputPart, StdinEcho

Piece = JobOutput | OutputSkipped | StdinEcho


class OutputAssembler:
    """The output of one job as this client has it, with the typed lines.

    Invariant: the pieces that were given out lie one behind the other from the start, without
    overlap; every hole is one OutputSkipped. No line that was typed is given out twice.

    Args:
        job: the job.
        start: the offset to begin at.
        exact: whether to fetch missing output instead of skipping it.
        stale: the number of answers on the way to the assembler that this one replaces.

    Attributes:
        position: the offset up to which all output was delivered.
        exact: whether to fetch missing output instead of skipping it.
    """

    def __init__(self, job: str, *, start: int = 0, exact: bool = False, stale: int = 0) -> None:
        self.position = start
        self.exact = exact
        self._job = job
        self._total = start
        self._typed = 0  # lines that were given out, or will not come
        self._typed_total = 0
        self._asked = False
        self._stale = stale

    @property
    def in_flight(self) -> int:
        """The number of answers on the way; the server sends them in order, one for each fetch."""
        return self._stale + self._asked

    @property
    def next_line(self) -> int:
        """The number of the first typed line that was not delivered."""
        return self._typed

    @property
    def complete(self) -> bool:
        """Whether all known output was delivered."""
        return self.position >= self._total and not (self.exact and self._lacks_lines)

    @property
    def _lacks_lines(self) -> bool:
        return self._typed < self._typed_total

    def wanted(self) -> int | None:
        """Return the offset to fetch now, or None; it counts as requested until a part or a cut."""
        if not self.exact or self._asked or self.complete:
            return None
        self._asked = True
        return self.position

    def cut(self) -> None:
        """Drop open requests, because answers over the old connection will not arrive."""
        self._asked = False
        self._stale = 0

    def abandon(self) -> list[Piece]:
        """Skip missing output, because the server does not have it."""
        if self._stale:
            self._stale -= 1
        else:
            self._asked = False
        return self._skip_to(self._total)

    def live(self, output: Output) -> list[Piece]:
        """Receive a live event, which may be a repeat or leave a gap."""
        end = output.offset + len(output.data)
        self._total = max(self._total, end)
        if output.offset > self.position:
            if self.exact:
                return []
            return [*self._skip_to(output.offset), *self._emit(output.offset, output)]
        return self._emit(output.offset, output)

    def typed(self, line: StdinEcho) -> list[Piece]:
        """Receive a typed line, which may be a repeat, or precede output that is fetched."""
        self._typed_total = max(self._typed_total, line.number + 1)
        if line.number < self._typed or (self.exact and line.offset > self.position):
            return []  # the part in which it lies has it, too
        self._typed = line.number + 1
        return [line]

    def part(self, part: OutputPart) -> list[Piece]:
        """Receive the answer to a fetch."""
        if self._stale:
            self._stale -= 1
            return []
        self._asked = False
        self._total = max(self._total, part.total)
        brings_lines = any(line.number >= self._typed for line in part.typed)
        more_lines = part.more_typed and brings_lines
        if part.end <= self.position < part.total and not more_lines:
            # The server claims more output and sends none: do not repeat the request.
            return self._skip_to(part.total)
        pieces, lines = self._skip_to(part.offset), list(part.typed)
        offset = part.offset
        for chunk in part.chunks:
            end = offset + len(chunk.data)
            while lines and lines[0].offset < end:
                pieces += self._emit(offset, chunk, lines[0].offset)
                pieces += self.typed(lines.pop(0))
            pieces += self._emit(offset, chunk)
            offset = end
        for line in lines:
            pieces += self.typed(line)
        if part.end >= part.total and not more_lines:
            self._typed = self._typed_total  # older lines are not kept for ever
        return pieces

    def known(self, total: int, typed: int = 0) -> list[Piece]:
        """Set the known amount of output, from a snapshot or from the end of the job.

        Args:
            total: number of bytes that the job has written.
            typed: number of typed lines.

        Returns:
            The hole up to there, unless it will be fetched.
        """
        self._total = max(self._total, total)
        self._typed_total = max(self._typed_total, typed)
        return [] if self.exact else self._skip_to(total)

    def _skip_to(self, offset: int) -> list[Piece]:
        if offset <= self.position:
            return []
        hole = OutputSkipped(self._job, self.position, offset - self.position)
        self.position = offset
        self._total = max(self._total, offset)
        return [hole]

    def _emit(
        self, offset: int, source: Output | OutputChunk, until: int | None = None
    ) -> list[Piece]:
        """Return the new part of a piece, up to an offset."""
        end = None if until is None else max(0, until - offset)
        data = source.data[max(0, self.position - offset) : end]
        if not data:
            return []
        piece = JobOutput(self._job, source.stream, self.position, data)
        self.position += len(data)
        return [piece]
