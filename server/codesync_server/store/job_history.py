"""Reads finished jobs of a room: pages, sources, output."""

from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from time import monotonic

from codesync_protocol.limits import MIB, PART_MAX
from codesync_protocol.messages import (
    FetchHistory,
    FetchOutput,
    FetchSource,
    HistoryPage,
    OutputPart,
    PastJob,
    SourcePart,
    SubmitFile,
)
from codesync_protocol.messages.lists import PAST_JOBS
from codesync_protocol.paging import first_page
from codesync_server.access.budgets import Budgets, member_budget
from codesync_server.access.payer import Payer
from codesync_server.access.token_buckets import Rate
from codesync_server.loop_time import loop_timeout
from codesync_server.store.contract import Store, StoreUnavailable
from codesync_server.store.read_turns import ReadTurns
from codesync_server.store.records import JobPage, JobQuery, JobRecord
from codesync_server.store.stored_output import StoredOutput

READ_SECONDS = 3.0
"""How long a member waits for the store; what they send meanwhile waits with them."""

PLACE_MAX = 1 << 53
"""No job of a room has a higher place."""

OUTPUTS_CACHED_BYTES = 16 * MIB
OUTPUTS_CACHED = 8
"""Outputs that are kept unpacked while somebody reads them part by part."""


QUERY_TIME = member_budget(
    "time of the store for queries",
    "milliseconds",
    member=Rate(500, 50.0),
    origin=Rate(2_000, 150.0),
)
"""A page takes about 1 ms, a search through 4,000 jobs 30 ms, a source of 10 MB 30 ms."""


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
        self._outputs: OrderedDict[str, tuple[JobRecord, StoredOutput]] = OrderedDict()
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
                page = await self._find(payer.room, request, last)
        except (StoreUnavailable, TimeoutError) as error:
            return HistoryPage(request.request, trouble=str(error) or "the store is slow")
        found = [PastJob(each.place, each.summary(), each.cancelled_by) for each in page.jobs]
        jobs = first_page(found, PAST_JOBS)
        next_before = jobs[-1].place if len(jobs) < len(found) else page.next_before
        more = bool(jobs and next_before)  # other clients refuse an empty page with more after it
        return HistoryPage(request.request, jobs, more=more, next_before=next_before)

    async def _find(self, room: str, request: FetchHistory, last: int) -> JobPage:
        if request.job:
            record = await self._store.job(request.job)
            known = record is not None and record.room == room and record.result is not None
            return JobPage([record] if record and known else [], 0)
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

    async def output(
        self, payer: Payer, request: FetchOutput, charge: Callable[[int], None] = lambda _: None
    ) -> OutputPart | None:
        """Read a piece of what a finished job of a room wrote.

        Args:
            payer: the room, and who is charged.
            request: which piece.
            charge: is told the number of pieces and typed lines before the answer is built.

        Returns:
            The piece; None when the room has no such job, or it cannot be read now.
        """
        job = request.job
        known = self._outputs.get(job) or await self._read_output(payer, job)
        if known is None or known[0].room != payer.room or known[0].result is None:
            return None
        self._remember(job, known)
        charge(known[1].pieces(request))
        return known[1].part(request)

    def _remember(self, job: str, output: tuple[JobRecord, StoredOutput]) -> None:
        self._outputs[job] = output
        self._outputs.move_to_end(job)
        while (
            len(self._outputs) > OUTPUTS_CACHED
            or sum(each.memory for _, each in self._outputs.values()) > OUTPUTS_CACHED_BYTES
        ):
            self._outputs.popitem(last=False)

    async def _read_output(self, payer: Payer, job: str) -> tuple[JobRecord, StoredOutput] | None:
        try:
            async with self._reading(payer):
                record = await self._store.job(job)
                if record is None or record.room != payer.room:
                    return None
                total = record.result.output_bytes if record.result else 0
                return record, StoredOutput(await self._store.output(job), total)
        except (StoreUnavailable, TimeoutError):
            return None
