"""Reading commands: output, sources, and pages of past jobs."""

from collections.abc import Callable

from codesync_protocol.errors import Code, FrameError
from codesync_protocol.limits import PART_MAX
from codesync_protocol.messages import (
    FetchHistory,
    FetchOutput,
    FetchSource,
    HistoryPage,
    OutputPart,
    SourcePart,
)
from codesync_server.jobs.job import Job
from codesync_server.rooms.frames import frame_of
from codesync_server.rooms.seat import Seat
from codesync_server.store.job_history import JobHistory
from codesync_server.store.output_parts import bounded_part, first_line_offset


class ReadCommands:
    """Answers the queries of one member.

    Args:
        seat: the member's place.
        job_history: reads finished jobs of a room.
    """

    def __init__(self, seat: Seat, job_history: JobHistory) -> None:
        self._seat = seat
        self._room = seat.room
        self._job_history = job_history

    def is_at_hand(self, message: FetchOutput) -> bool:
        """Return whether output can be answered from memory, without the store."""
        job = self._room.jobs.get(message.job)
        return job is not None and job.output.is_here

    async def history(self, message: FetchHistory) -> None:
        """Reply with a page of finished jobs."""
        page = await self._job_history.page(self._seat.payer, message, last=self._room.jobs_had)
        self._seat.reply(page)

    async def source(self, message: FetchSource) -> None:
        """Reply with a part of a job's source."""
        self._seat.reply(await self._job_history.source(self._seat.payer, message))

    def refuse(self, message: FetchHistory | FetchSource, trouble: str) -> None:
        """Reply with the reason why a query is refused."""
        match message:
            case FetchHistory():
                self._seat.reply(HistoryPage(message.request, trouble=trouble))
            case FetchSource():
                job, offset = message.job, message.offset
                self._seat.reply(SourcePart(message.request, job, offset, 0, trouble=trouble))

    async def output(self, message: FetchOutput, charge: Callable[[int], None]) -> None:
        """Reply with a part of a job's output.

        Args:
            message: which part.
            charge: is told the number of pieces and typed lines, on which the cost depends, before
                the answer is built; also if it is refused then.

        Raises:
            FrameError: the room has no such job, or too many requests of the member wait.
        """
        job, size = self._room.jobs.get(message.job), 0
        if job is not None and job.output.is_here:
            written = job
            charge(written.output.chunks_from(message.offset))

            def answer() -> bytes | None:
                return frame_of(_part_of(written, message))
        else:
            past = await self._job_history.output(self._seat.payer, message, charge)
            if past is None and job is None:
                raise FrameError(Code.NO_SUCH_JOB, "the room has no such job")
            total = job.output.published if job else 0
            part = past or OutputPart(message.job, total, (), total)
            size = sum(len(chunk.data) for chunk in part.chunks)

            def answer() -> bytes | None:
                return frame_of(part)

        if not self._seat.channel.put_bulk(answer, size):
            raise FrameError(Code.TOO_FAST, "too many requests for old output at once")


def _part_of(job: Job, request: FetchOutput) -> OutputPart:
    """Cut a part out of the output that members have received; later output is left out."""
    output, start = job.output, request.offset
    offset, chunks = output.read(start, min(PART_MAX, max(0, output.published - start)))
    end = offset + sum(len(chunk.data) for chunk in chunks)
    is_last = end >= output.published
    typed = job.stdin_log.within(first_line_offset(request), None if is_last else end)
    wanted = (line for line in typed if line.number >= request.line)
    return bounded_part(job.id, offset, chunks, output.published, wanted)
