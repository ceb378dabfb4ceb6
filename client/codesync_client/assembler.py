"""Puts the output of one job in order: live events, repeats after a return, and fetched parts."""

from codesync_client.events import JobOutput, OutputSkipped
from codesync_protocol.messages import Output, OutputChunk, OutputPart

Piece = JobOutput | OutputSkipped


class OutputAssembler:
    """The output of one job as this client has it.

    Invariant: the pieces that were given out lie one behind the other from the start, without
    overlap; every hole is one OutputSkipped.

    Args:
        job: the job.
        start: the offset to begin at.
        exact: fetch what is missing instead of skipping it.
        stale: how many answers are on the way to the assembler that this one takes the place of.

    Attributes:
        position: the offset up to which everything was given out.
        exact: fetch what is missing instead of skipping it.
    """

    def __init__(self, job: str, *, start: int = 0, exact: bool = False, stale: int = 0) -> None:
        self.position = start
        self.exact = exact
        self._job = job
        self._total = start
        self._asked = False
        self._stale = stale

    @property
    def in_flight(self) -> int:
        """How many answers are on the way; the server gives them in order, one for each fetch."""
        return self._stale + self._asked

    @property
    def complete(self) -> bool:
        """Whether everything that is known to exist was given out."""
        return self.position >= self._total

    def wanted(self) -> int | None:
        """The offset to fetch from now, or None; it counts as asked for until a part or a cut."""
        if not self.exact or self._asked or self.complete:
            return None
        self._asked = True
        return self.position

    def cut(self) -> None:
        """The connection is a new one: what was asked for on the old one will not come."""
        self._asked = False
        self._stale = 0

    def abandon(self) -> list[Piece]:
        """The answer is that the server has nothing of it: what is missing will not come."""
        if self._stale:
            self._stale -= 1
        else:
            self._asked = False
        return self._skip_to(self._total)

    def live(self, output: Output) -> list[Piece]:
        """Take a live event; may be a repeat, and may leave a hole."""
        end = output.offset + len(output.data)
        self._total = max(self._total, end)
        if output.offset > self.position:
            if self.exact:
                return []
            return [*self._skip_to(output.offset), *self._give(output.offset, output)]
        return self._give(output.offset, output)

    def part(self, part: OutputPart) -> list[Piece]:
        """Take the answer to a fetch."""
        if self._stale:
            self._stale -= 1
            return []
        self._asked = False
        self._total = max(self._total, part.total)
        if part.end <= self.position < part.total:
            # The server claims that there is more and sends nothing: never ask it in a loop.
            return self._skip_to(part.total)
        pieces = self._skip_to(part.offset)
        offset = part.offset
        for chunk in part.chunks:
            pieces += self._give(offset, chunk)
            offset += len(chunk.data)
        return pieces

    def known(self, total: int) -> list[Piece]:
        """Learn how much there is, from a snapshot or from the job's end.

        Args:
            total: bytes that the job has written.

        Returns:
            The hole up to there, unless it will be fetched.
        """
        self._total = max(self._total, total)
        return [] if self.exact else self._skip_to(total)

    def _skip_to(self, offset: int) -> list[Piece]:
        if offset <= self.position:
            return []
        hole = OutputSkipped(self._job, self.position, offset - self.position)
        self.position = offset
        self._total = max(self._total, offset)
        return [hole]

    def _give(self, offset: int, source: Output | OutputChunk) -> list[Piece]:
        data = source.data[max(0, self.position - offset) :]
        if not data:
            return []
        piece = JobOutput(self._job, source.stream, self.position, data)
        self.position += len(data)
        return [piece]
