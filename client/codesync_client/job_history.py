"""Asking a room for its past jobs: one answer for each question, across cuts."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import msgspec

from codesync_client.errors import NotFound
from codesync_client.output_assembler import OutputAssembler, Piece
from codesync_protocol.errors import Code
from codesync_protocol.limits import HISTORY_PAGE_MAX
from codesync_protocol.messages import (
    ClientMessage,
    Fault,
    FetchHistory,
    FetchOutput,
    FetchSource,
    HistoryPage,
    OutputPart,
    ServerMessage,
    SourcePart,
)

BODY_MAX = 64 * 1024 * 1024
"""Bytes of a job's files and prepared stdin that are taken in."""

LINE_COST = 256
"""Bytes that each typed line counts in addition to its text."""

SEARCH_REQUESTS_MAX = 100
"""Requests of one search: enough for 400,000 jobs, and a limit on those for a hostile server."""

_Answer = HistoryPage | SourcePart | OutputPart | Fault
_Kind = TypeVar("_Kind", bound=_Answer)


@dataclass(frozen=True, slots=True)
class FinishedJobSource:
    """What a job ran.

    Attributes:
        files: names and contents, the main file first.
        args: the program's arguments.
        stdin: its prepared stdin.
    """

    files: tuple[tuple[str, bytes], ...]
    args: tuple[bytes, ...]
    stdin: bytes


@dataclass(slots=True)
class _Question:
    message: FetchHistory | FetchSource | FetchOutput
    answer: "asyncio.Future[_Answer]"
    is_sent: bool = False


class JobHistoryRequests:
    """Questions about a room's past.

    Args:
        wake: is called when there is a message to send.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._number = 0
        self._questions: dict[int, _Question] = {}
        self._over: BaseException | None = None

    async def page(
        self,
        *,
        before: int = 0,
        limit: int = 50,
        text: str = "",
        name: str = "",
        language: str = "",
        verdict: str = "",
        job: str = "",
    ) -> HistoryPage:
        """Send one request for finished jobs, the latest first; empty arguments match every job.

        Args:
            before: only jobs with a lower place; 0 for all.
            limit: the largest number of jobs.
            text: occurs in the beginning of the source, the name of the file or submitter, or
                the explanation.
            name: the name of the submitter.
            language: a LanguageInfo.name.
            verdict: a Verdict.
            job: the id of the only wanted job.

        Returns:
            The page. Its `next_before` is the `before` of the next one, or 0: a page can have few
            jobs or none, and yet others after it.

        Raises:
            NotFound: the jobs cannot be read now.
            Offline: the connection ended for good before the answer.
        """
        number = self._next()
        question = FetchHistory(number, before, limit, text, name, language, verdict, job)
        page = await self._ask(question, HistoryPage, number)
        if page.trouble:
            raise NotFound(page.trouble)
        if page.more and page.jobs and not page.next_before:  # from a server that does not know it
            page = msgspec.structs.replace(page, next_before=page.jobs[-1].place)
        if not _decreases(page, before):
            raise NotFound("the server's answer is invalid")
        return page

    async def search(
        self,
        *,
        before: int = 0,
        limit: int = 50,
        requests: int = SEARCH_REQUESTS_MAX,
        text: str = "",
        name: str = "",
        language: str = "",
        verdict: str = "",
    ) -> AsyncGenerator[HistoryPage]:
        """Yield pages of finished jobs, the latest first, until they have `limit` jobs.

        Each page is yielded as it arrives, also those without jobs, so that a caller can show the
        progress. The search ended early if `next_before` of the last page is not 0: continue there.

        Args:
            before: as for `page`.
            limit: the largest number of jobs of all pages.
            requests: the largest number of requests.
            text: as for `page`, like the following arguments.
            name: see `page`.
            language: see `page`.
            verdict: see `page`.

        Raises:
            NotFound: the jobs cannot be read now.
            Offline: the connection ended for good before the answer.
        """
        for _ in range(requests):
            page = await self.page(
                before=before,
                limit=min(limit, HISTORY_PAGE_MAX),
                text=text,
                name=name,
                language=language,
                verdict=verdict,
            )
            yield page
            before, limit = page.next_before, limit - len(page.jobs)
            if not before or limit <= 0:
                return

    async def source(self, job: str) -> FinishedJobSource:
        """Return the files of a job.

        Raises:
            NotFound: the room has no such job, or it cannot be read now.
            Offline: the connection ended for good before the answer.
        """
        body = bytearray()
        while True:
            number = self._next()
            part = await self._ask(FetchSource(number, job, len(body)), SourcePart, number)
            if part.trouble or part.offset != len(body) or part.total > BODY_MAX:
                raise NotFound(part.trouble or "the server's answer is invalid")
            body += part.data
            if len(body) >= part.total:
                return _cut(part, bytes(body))
            if not part.data:
                raise NotFound("the server's answer is invalid")

    async def output(self, job: str) -> tuple[Piece, ...]:
        """Return the output of a finished job, with the lines that were typed into it.

        Returns:
            The pieces in order, with OutputSkipped for bytes that were not stored.

        Raises:
            NotFound: the room has no such job, or it cannot be read now.
            Offline: the connection ended for good before the answer.
        """
        assembler = OutputAssembler(job, exact=True)
        pieces: list[Piece] = []
        typed_bytes = 0
        while True:
            ask = FetchOutput(job, assembler.position, assembler.next_line)
            part = await self._ask(ask, OutputPart, self._next())
            typed_bytes += sum(len(line.data) + LINE_COST for line in part.typed)
            if part.total > BODY_MAX or typed_bytes > BODY_MAX:
                raise NotFound("the server's answer is invalid")
            before = assembler.next_line
            pieces += assembler.part(part)
            more_lines = part.more_typed and assembler.next_line > before
            if assembler.position >= part.total and not more_lines:
                return tuple(pieces)

    def _next(self) -> int:
        self._number += 1
        return self._number

    async def _ask(
        self, message: FetchHistory | FetchSource | FetchOutput, kind: type[_Kind], number: int
    ) -> _Kind:
        if self._over is not None:
            raise self._over
        answer: asyncio.Future[_Answer] = asyncio.get_running_loop().create_future()
        self._questions[number] = _Question(message, answer)
        self._wake()
        try:
            given = await answer
        finally:
            self._questions.pop(number, None)
        if isinstance(given, Fault):
            raise NotFound(given.reason)
        if not isinstance(given, kind):
            raise NotFound("the server's answer is invalid")
        return given

    # What the room asks of it.

    def parts(self) -> Iterator[ClientMessage]:
        """Yield the messages that may be sent now."""
        for question in list(self._questions.values()):
            if not question.is_sent:
                question.is_sent = True
                yield question.message

    def receive(self, message: ServerMessage) -> bool:
        """Receive a message.

        Returns:
            Whether it answers a request of this object.
        """
        match message:
            case HistoryPage(request=request) | SourcePart(request=request):
                question = self._questions.get(request)
            case OutputPart(job=job):
                question = self._output_of(job)
            case Fault(code=Code.NO_SUCH_JOB, job=job):
                question = self._output_of(job)
            case _:
                return False
        if question is not None and not question.answer.done():
            question.answer.set_result(message)
        return question is not None

    def _output_of(self, job: str) -> _Question | None:
        for question in self._questions.values():
            if isinstance(question.message, FetchOutput) and question.message.job == job:
                return question if question.is_sent else None
        return None

    def restart(self) -> None:
        """Repeat the open requests over a new connection."""
        for question in self._questions.values():
            question.is_sent = False

    def end(self, error: BaseException) -> None:
        """End all waits for answers."""
        self._over = error
        for question in self._questions.values():
            if not question.answer.done():
                question.answer.set_exception(error)


def _decreases(page: HistoryPage, before: int) -> bool:
    """Tell whether the places of a page decrease, so that reading all pages ends."""
    places = [*([before] if before else []), *(job.place for job in page.jobs)]
    if page.next_before:
        # `before` is exclusive: the next page may begin before the last job of this one.
        places.append(page.next_before - 1 if page.jobs else page.next_before)
    return all(earlier > later for earlier, later in pairwise(places)) and not (
        page.more and not page.jobs
    )


def _cut(part: SourcePart, body: bytes) -> FinishedJobSource:
    files: list[tuple[str, bytes]] = []
    at = 0
    for file in part.files:
        files.append((file.name, body[at : at + file.size]))
        at += file.size
    return FinishedJobSource(tuple(files), part.args, body[at:])
