"""The state of a room for one member: messages in, events out. Pure: no sockets, no clock."""

from collections.abc import Iterable, Iterator

import msgspec

from codesync_client.events import Connected, RoomEvent
from codesync_client.output_assembler import OutputAssembler
from codesync_protocol.errors import Code
from codesync_protocol.messages import (
    DocumentReset,
    Edited,
    Event,
    Fault,
    FetchHistory,
    FetchOutput,
    Finished,
    HistoryPage,
    JobState,
    JobSummary,
    LanguageChosen,
    Members,
    Notice,
    Output,
    OutputPart,
    Queue,
    QueuedJob,
    Saving,
    ServerMessage,
    Started,
    StdinEcho,
    StdinHeld,
    Submitted,
    Welcome,
)
from codesync_protocol.paging import Pages, join_members, join_queue
from codesync_protocol.verdict import Result, Verdict

_WAITS = (JobState.QUEUED, JobState.CLAIMED)
_RUNS = (JobState.COMPILING, JobState.RUNNING)

JOBS_KEPT = 200
_REQUESTS = 1 << 40
"""First number of the model's own history requests; those of callers count from 1."""
STRAYS_MAX = 200
"""Jobs that are kept although the server did not tell of their submission. There are some after a
server has had more than JOBS_KEPT jobs at once; a hostile one may invent any number."""

FETCHES_MAX = 8
"""Concurrent requests for old output; a server refuses too many."""


class RoomModel:
    """The state of a room, and the order of its output.

    Attributes:
        welcome: the last welcome.
        members: the members of the room.
        queue: the waiting and running jobs.
        jobs: recent jobs by id, oldest first.
        seq: the last event that was applied.
        language: the language of the source; empty if nobody chose one.
        unsaved: the reason why changes are not stored now; empty otherwise.
    """

    def __init__(self, welcome: Welcome) -> None:
        self.welcome = welcome
        self.members = welcome.members
        self.queue = welcome.queue
        self.jobs: dict[str, JobSummary] = {}
        self.seq = welcome.seq
        self.language = welcome.language
        self.unsaved = welcome.unsaved
        self._member_pages = Pages[Members]()
        self._queue_pages = Pages[Queue]()
        self._output: dict[str, OutputAssembler] = {}
        self._ended: dict[str, Finished] = {}  # finished, but not all of its output is out
        self._reported_ends: set[str] = set()  # whose end was told
        self._strays: dict[str, None] = {}  # jobs of which we know nothing else, oldest first
        self._missing: dict[int, str] = {}  # by request: jobs that may have ended long ago
        self._questions: list[FetchHistory] = []
        self._take_snapshot(welcome)

    def follow(self, job: str, start: int = 0) -> None:
        """Deliver the complete output of a job.

        Args:
            job: the job; it need not exist yet.
            start: the offset to begin at, in bytes.
        """
        before = self._output.get(job)
        stale = before.in_flight if before else 0
        self._output[job] = OutputAssembler(job, start=start, exact=True, stale=stale)
        self._strays.pop(job, None)
        if summary := self.jobs.get(job):
            self._output[job].known(summary.output_bytes, summary.typed)

    def rejoin(self, welcome: Welcome) -> Iterator[RoomEvent]:
        """Apply the welcome of a new connection."""
        self.welcome = welcome
        self.members = welcome.members
        self.queue = welcome.queue
        self._member_pages = Pages[Members]()
        self._queue_pages = Pages[Queue]()
        self.language = welcome.language
        self.unsaved = welcome.unsaved
        for assembler in self._output.values():
            assembler.cut()
        unanswered = list(self._missing.values())
        self._ask_for(unanswered)
        if welcome.resumed:
            yield Connected(welcome, again=True)
            return
        self.seq = welcome.seq
        followed = (job for job, each in self._output.items() if each.exact)
        before = list(dict.fromkeys([*self.jobs, *followed]))
        self.jobs.clear()
        yield Connected(welcome, again=True)
        yield from self._take_snapshot(welcome)
        gone = [job for job in before if job not in self.jobs]
        for job in gone:
            if job in self._reported_ends:
                self._forget(job)
        missing = [*unanswered, *(job for job in gone if job in self._output)]
        for job in missing[:-JOBS_KEPT]:
            yield from self._lost(job)
            self._forget(job)
        self._ask_for(missing[-JOBS_KEPT:])

    def _ask_for(self, jobs: Iterable[str]) -> None:
        """Request the results of jobs that are not in the welcome."""
        first = max(self._missing, default=_REQUESTS)
        self._missing = dict(enumerate(dict.fromkeys(jobs), first + 1))
        self._questions = [FetchHistory(n, limit=1, job=job) for n, job in self._missing.items()]

    def questions(self) -> Iterator[FetchHistory]:
        """Yield the history requests to send now."""
        questions, self._questions = self._questions, []
        yield from questions

    def apply(self, message: ServerMessage, *, congested: bool = False) -> Iterator[RoomEvent]:
        """Apply a message.

        Args:
            message: anything after the welcome.
            congested: whether the reader is too slow, so that output is skipped.

        Yields:
            What the reader is to be told.
        """
        match message:
            case Members():
                if complete := self._member_pages.add(message):
                    self.members = join_members(complete)
                    yield self.members
            case Queue():
                if split := self._queue_pages.add(message):
                    self.queue = join_queue(split)
                    for queued in self.queue.jobs:
                        self._set_back(queued)
                    yield self.queue
            case Notice():
                yield message
            case Saving(trouble=trouble):
                self.unsaved = trouble
                yield message
            case Fault(code=code, job=job):
                asked = job in self._output and self._output[job].in_flight
                if code is Code.NO_SUCH_JOB and asked:
                    yield from self._output[job].abandon()
                    yield from self._finish_if_complete(job)
                yield message
            case HistoryPage(request=request) if request in self._missing:
                yield from self._found(self._missing.pop(request), message)
            case OutputPart(job=job) if job in self._output:  # else we did not ask for it
                yield from self._assembler(message.job).part(message)
                yield from self._finish_if_complete(message.job)
            case (
                Submitted()
                | Started()
                | Output()
                | StdinEcho()
                | Finished()
                | Edited()
                | DocumentReset()
                | LanguageChosen()
                | StdinHeld()
            ):
                if message.seq > self.seq:  # else it is a repeat
                    self.seq = message.seq
                    yield from self._record_event(message, congested)
            case _:
                pass

    def fetches(self, *, congested: bool = False) -> Iterator[FetchOutput]:
        """Yield the requests to send now."""
        if congested:
            return
        in_flight = sum(assembler.in_flight for assembler in self._output.values())
        for job, assembler in self._output.items():
            if in_flight >= FETCHES_MAX:
                return
            if (offset := assembler.wanted()) is not None:
                in_flight += 1
                yield FetchOutput(job, offset, assembler.next_line)

    def _record_event(self, event: Event, congested: bool) -> Iterator[RoomEvent]:
        match event:
            case Edited() | DocumentReset():
                pass  # the shared document's business; only the count is ours
            case StdinHeld(job=job, member=member):
                self._update(job, holder=member)
                yield event
            case LanguageChosen(language=language):
                self.language = language
                yield event
            case Submitted(job=summary):
                self._remember(summary)
                self._assembler(summary.job)
                yield event
            case Started(job=job):
                self._update(job, state=event.state)
                yield event
            case Output(job=job):
                self._update(job, output_bytes=event.offset + len(event.data))
                assembler = self._assembler(job)
                if not congested:
                    yield from assembler.live(event)
                elif assembler.exact:
                    assembler.known(event.offset + len(event.data))
            case StdinEcho(job=job, number=number):
                self._update(job, typed=number + 1)
                yield from self._assembler(job).typed(event)
            case Finished(job=job):
                total = max(event.result.output_bytes, self._output_bytes(job))
                self._update(job, state=JobState.FINISHED, result=event.result, output_bytes=total)
                self._ended[job] = event
                yield from self._assembler(job).known(total)
                yield from self._finish_if_complete(job)

    def _take_snapshot(self, welcome: Welcome) -> list[RoomEvent]:
        events: list[RoomEvent] = []
        for summary in welcome.jobs:
            self._remember(summary)
            assembler = self._output.get(summary.job)
            if assembler is None:
                # Earlier output is fetched on request.
                self._output[summary.job] = OutputAssembler(summary.job, start=summary.output_bytes)
                if summary.result is not None:
                    self._reported_ends.add(summary.job)
                continue
            events += assembler.known(summary.output_bytes, summary.typed)
            if summary.result is not None and summary.job not in self._reported_ends:
                ended = Finished(welcome.seq, summary.job, summary.result)
                self._ended.setdefault(summary.job, ended)  # what the server said then says more
                events += self._finish_if_complete(summary.job)
        return events

    def _found(self, job: str, page: HistoryPage) -> Iterator[RoomEvent]:
        past = next((each for each in page.jobs if each.summary.job == job), None)
        if past is None or past.summary.result is None:
            yield from self._lost(job)
            self._forget(job)
            return
        self._ended.setdefault(job, Finished(self.seq, job, past.summary.result, past.by))
        yield from self._assembler(job).known(past.summary.output_bytes)
        yield from self._finish_if_complete(job)

    def _lost(self, job: str) -> Iterator[RoomEvent]:
        if job not in self._reported_ends:
            result = Result(Verdict.LOST, "the server no longer knows this job")
            self._ended.setdefault(job, Finished(self.seq, job, result))
            yield from self._assembler(job).abandon()
            yield from self._finish_if_complete(job)

    def _forget(self, job: str) -> None:
        self._output.pop(job, None)
        self._ended.pop(job, None)
        self._reported_ends.discard(job)
        self._strays.pop(job, None)

    def _finish_if_complete(self, job: str) -> Iterator[RoomEvent]:
        if job in self._ended and self._assembler(job).complete:
            self._reported_ends.add(job)
            yield self._ended.pop(job)
            if job in self._strays:
                self._forget(job)

    def _assembler(self, job: str) -> OutputAssembler:
        if job not in self._output:
            self._output[job] = OutputAssembler(job)
            if job not in self.jobs:
                self._strays[job] = None
                if len(self._strays) > STRAYS_MAX:
                    self._forget(next(iter(self._strays)))
        return self._output[job]

    def _output_bytes(self, job: str) -> int:
        summary = self.jobs.get(job)
        return summary.output_bytes if summary else 0

    def _remember(self, summary: JobSummary) -> None:
        self.jobs[summary.job] = summary
        self._strays.pop(summary.job, None)
        while len(self.jobs) > JOBS_KEPT:
            oldest = next(iter(self.jobs))
            del self.jobs[oldest]
            self._forget(oldest)

    def _set_back(self, queued: QueuedJob) -> None:
        """Apply a queue, which also shows jobs that start again; events show only progress."""
        summary = self.jobs.get(queued.job)
        if queued.state in _WAITS and summary and summary.state in _RUNS:
            self._update(queued.job, state=JobState(queued.state))

    def _update(self, job: str, **changes: object) -> None:
        if summary := self.jobs.get(job):
            self.jobs[job] = msgspec.structs.replace(summary, **changes)
