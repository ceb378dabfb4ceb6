"""Reads finished jobs of a room: pages, sources, output."""

from collections import OrderedDict
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from time import monotonic

from codesync_protocol.limits import MIB, PART_MAX
from codesync_protocol.messages import (
    FetchHistory,
    FetchOutput,
    FetchSource,
    HistoryPage,
    OutputChunk,
    OutputPart,
    PastJob,
    SourcePart,
    StdinEcho,
    SubmitFile,
)
from codesync_protocol.messages.lists import PAST_JOBS
from codesync_protocol.paging import first_page
from codesync_server.access.budgets import Budgets, member_budget
from codesync_server.access.payer import Payer
from codesync_server.access.token_buckets import Rate
from codesync_server.loop_time import loop_timeout
from codesync_server.store.contract import Store, StoreUnavailable
from codesync_server.store.output_parts import CHUNKS_MAX, bounded_part, first_line_offset
from codesync_server.store.read_turns import ReadTurns
from codesync_server.store.records import JobQuery, JobRecord, OutputRun

READ_SECONDS = 3.0
"""How long a member waits for the store; what they send meanwhile waits with them."""

PLACE_MAX = 1 << 53
"""No job of a room has a higher place."""

OUTPUTS_CACHED_BYTES = 16 * MIB
RUN_BYTES = 150
"""What a run of one stream costs in memory besides its bytes."""

OUTPUTS_CACHED = 8
"""Outputs that are kept unpacked while somebody reads them part by part."""


QUERY_TIME = member_budget(
    "time of the store for queries",
    "milliseconds",
    member=Rate(500, 50.0),
    origin=Rate(2_000, 150.0),
)
"""A page takes about 1 ms, a search through 30,000 jobs 200 ms, a source of 10 MB 30 ms."""


class JobHistory:
    """Reads finished jobs. Rooms take turns, so no room can keep the store from the others.

    Args:
        store: the store.
        budgets: the budgets of clients; each query is charged for its time.
    """

    def __init__(self, store: Store, budgets: Budgets | None = None) -> None:
        self._store = store
        self._budgets = budgets or Budgets()
        self._turns = ReadTurns()
        self._outputs: OrderedDict[str, tuple[JobRecord, Sequence[OutputRun]]] = OrderedDict()
        self._sizes: dict[str, int] = {}
        self._source: JobRecord | None = None  # that was read last: it is asked for in pieces

    @asynccontextmanager
    async def _reading(self, payer: Payer) -> AsyncGenerator[None]:
        """Wait for a turn of the room, and charge the time that the block takes.

        Raises:
            TimeoutError: the block takes too long.
        """
        async with self._turns.turn(payer.room):
            began = monotonic()
            try:
                async with loop_timeout(READ_SECONDS):
                    yield
            finally:
                now = monotonic()
                self._budgets.delay(QUERY_TIME, payer.without_token(), (now - began) * 1000, now)

    async def page(
        self, payer: Payer, request: FetchHistory, *, last: int = PLACE_MAX
    ) -> HistoryPage:
        """Look for finished jobs of a room.

        Args:
            payer: the room, and who is charged.
            request: which ones.
            last: the place of its latest job, if that is known: they are found sooner.
        """
        try:
            async with self._reading(payer):
                found = await self._find(payer.room, request, last)
        except (StoreUnavailable, TimeoutError) as error:
            return HistoryPage(request.request, trouble=str(error) or "the store is slow")
        jobs = [PastJob(each.place, each.summary(), each.cancelled_by) for each in found]
        page = first_page(jobs, PAST_JOBS)
        more = len(page) < len(jobs) or len(jobs) == request.limit
        return HistoryPage(request.request, page, more=more)

    async def _find(self, room: str, request: FetchHistory, last: int) -> Sequence[JobRecord]:
        if request.job:
            record = await self._store.job(request.job)
            known = record is not None and record.room == room and record.result is not None
            return [record] if record and known else []
        wanted = JobQuery(request.text, request.name, request.language, request.verdict)
        before = request.before or last + 1
        return await self._store.jobs(room, wanted, before=before, limit=request.limit)

    async def source(self, payer: Payer, request: FetchSource) -> SourcePart:
        """Read a piece of what a job of a room ran."""
        trouble = "the room has no such job"
        try:
            record = await self._with_source(payer, request.job)
        except (StoreUnavailable, TimeoutError) as error:
            record, trouble = None, str(error) or "the store is slow"
        if record is None or record.room != payer.room or record.source is None:
            return SourcePart(request.request, request.job, request.offset, 0, trouble=trouble)
        source = record.source
        body = b"".join([*(data for _, data in source.files), source.prepared])
        return SourcePart(
            request.request,
            request.job,
            request.offset,
            len(body),
            body[request.offset : request.offset + PART_MAX],
            tuple(SubmitFile(name, len(data)) for name, data in source.files),
            source.args,
        )

    async def _with_source(self, payer: Payer, job: str) -> JobRecord | None:
        """Read a job with its source, of which up to 11 MB are unpacked."""
        if self._source is not None and self._source.id == job:
            return self._source
        async with self._reading(payer):
            record = await self._store.job(job, with_source=True)
        if record is not None and record.result is not None:  # it changes no more
            self._source = record
        return record

    async def output(self, payer: Payer, request: FetchOutput) -> OutputPart | None:
        """Read a piece of what a finished job of a room wrote.

        Args:
            payer: the room, and who is charged.
            request: which piece.

        Returns:
            The piece; None when the room has no such job, or it cannot be read now.
        """
        job = request.job
        known = self._outputs.get(job) or await self._read_output(payer, job)
        if known is None or known[0].room != payer.room or known[0].result is None:
            return None
        self._remember(job, known)
        record, runs = known
        assert record.result
        return _part(request, runs, record.result.output_bytes)

    def _remember(self, job: str, output: tuple[JobRecord, Sequence[OutputRun]]) -> None:
        if job not in self._sizes:
            self._sizes[job] = sum(len(run.data) + RUN_BYTES for run in output[1])
        self._outputs[job] = output
        self._outputs.move_to_end(job)
        while (
            len(self._outputs) > OUTPUTS_CACHED or sum(self._sizes.values()) > OUTPUTS_CACHED_BYTES
        ):
            oldest, _ = self._outputs.popitem(last=False)
            del self._sizes[oldest]

    async def _read_output(
        self, payer: Payer, job: str
    ) -> tuple[JobRecord, Sequence[OutputRun]] | None:
        try:
            async with self._reading(payer):
                record = await self._store.job(job)
                if record is None or record.room != payer.room:
                    return None
                return record, await self._store.output(job)
        except (StoreUnavailable, TimeoutError):
            return None


def _part(request: FetchOutput, runs: Sequence[OutputRun], total: int) -> OutputPart:
    """Cut a piece out; where something was not kept, it begins behind that."""
    job, offset = request.job, request.offset
    chunks: list[OutputChunk] = []
    start, end, size = total, -1, 0
    for run in (each for each in runs if not each.typed_by):
        run_end = run.offset + len(run.data)
        if run_end <= offset:
            continue
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
    lines = [each for each in runs if each.typed_by]
    first_offset = first_line_offset(request)
    typed = (
        StdinEcho(0, job, 0, line.typed_by, line.data, offset=line.offset, number=number)
        for number, line in enumerate(lines)
        if first_offset <= line.offset < behind and number >= request.line
    )
    return bounded_part(job, start, chunks, total, typed)
