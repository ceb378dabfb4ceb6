"""Finished jobs of a room, from a server, or from the store without a server."""

import argparse
import asyncio
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from codesync_cli.local_server import open_store
from codesync_cli.target_room import target
from codesync_cli.version import AGENT
from codesync_client import JobHistoryRequests, NotFound, Room
from codesync_client.job_history import SEARCH_REQUESTS_MAX
from codesync_protocol.errors import Code
from codesync_protocol.limits import HISTORY_PAGE_MAX
from codesync_protocol.messages import (
    ClientMessage,
    Fault,
    FetchHistory,
    FetchOutput,
    FetchSource,
    PastJob,
    ServerMessage,
)

if TYPE_CHECKING:
    from codesync_server.access.payer import Payer
    from codesync_server.store.contract import Store
    from codesync_server.store.job_history import JobHistory as KeptPast

SEARCHED_MAX = SEARCH_REQUESTS_MAX * HISTORY_PAGE_MAX
"""Jobs of a server that are read to find one by the beginning of its id."""

ID_LENGTH = 32
_ID = re.compile(r"[0-9a-f]{1,32}", re.ASCII)

ID_SHOWN = 8
"""Characters of a job's id that are usually distinct."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add arguments that select a room or a store."""
    target.add_arguments(parser, required=False)
    open_store.add_store_argument(parser)


@dataclass(frozen=True, slots=True)
class RoomJobHistory:
    """The finished jobs of a room.

    Attributes:
        past: sends requests for them.
        called: finds jobs by the beginning of their ids; at least two if there are several.
    """

    past: JobHistoryRequests
    called: Callable[[str], Awaitable[Sequence[PastJob]]]


@asynccontextmanager
async def job_history_of(args: argparse.Namespace) -> AsyncGenerator[RoomJobHistory, None]:
    """Yield the finished jobs that the arguments of `add_arguments` select.

    Raises:
        TargetError, ClientError: there is no such room, or it cannot be asked.
        SettingsError, StoreUnusable, StoreUnavailable: the store cannot be read.
    """
    if args.server:
        link, name, options = target.link(args), target.name(args), target.options(args)
        async with Room(link, name=name, options=options, agent=AGENT) as room:
            yield RoomJobHistory(room.past, partial(_called, room.past))
        return
    asked = target.checked_room(args.room) if args.room else ""
    async with open_store.open_store(args) as store:
        from codesync_server.access.payer import Payer
        from codesync_server.store.job_history import JobHistory as KeptPast

        name = asked or next((line.name for line in await store.rooms(limit=1)), "")
        if not name:
            raise NotFound(f"no room is stored yet in {store.about}", "codesync opens one")
        async with _answered(KeptPast(store), Payer(room=name)) as past:
            yield RoomJobHistory(past, partial(_called_in_store, store, name))


@asynccontextmanager
async def _answered(
    kept_past: "KeptPast", payer: "Payer"
) -> AsyncGenerator[JobHistoryRequests, None]:
    """Answer requests from the store, as a server does."""
    asked = asyncio.Event()
    past = JobHistoryRequests(asked.set)

    async def answer() -> None:
        while True:
            await asked.wait()
            asked.clear()
            for question in list(past.parts()):
                past.receive(await _answer(kept_past, payer, question))

    def ended(task: "asyncio.Task[None]") -> None:
        if task.cancelled() or not (error := task.exception()):
            return
        if isinstance(error, ValueError):  # damaged
            error = NotFound("the stored job cannot be read", "see: codesync store check")
        past.end(error)

    answering = asyncio.get_running_loop().create_task(answer())
    answering.add_done_callback(ended)
    try:
        yield past
    finally:
        answering.cancel()
        await asyncio.wait([answering])


async def _answer(past: "KeptPast", payer: "Payer", question: ClientMessage) -> ServerMessage:
    match question:
        case FetchHistory():
            return await past.page(payer, question)
        case FetchSource():
            return await past.source(payer, question)
        case FetchOutput():
            part = await past.output(payer, question)
            return part or Fault(Code.NO_SUCH_JOB, "its output cannot be read", question.job)
        case _:
            raise AssertionError(question)


async def find_job(room: RoomJobHistory, wanted: str) -> PastJob:
    """Find a past job by its id, or by the beginning of it.

    Raises:
        NotFound: no job or several jobs have this id.
    """
    found = await room.called(wanted) if _ID.fullmatch(wanted) else ()
    if not found:
        raise NotFound(f"no past job is called {wanted}", "see: codesync history")
    if len(found) > 1:
        raise NotFound(f"several past jobs begin with {wanted}", "give more of its id")
    return found[0]


async def _called_in_store(store: "Store", room: str, beginning: str) -> Sequence[PastJob]:
    from codesync_server.store.job_history import PLACE_MAX
    from codesync_server.store.records import JobQuery

    page = await store.jobs(room, JobQuery(job=beginning), before=PLACE_MAX, limit=2)
    return [PastJob(job.place, job.summary(), job.cancelled_by) for job in page.jobs]


async def _called(past: JobHistoryRequests, beginning: str) -> Sequence[PastJob]:
    if len(beginning) == ID_LENGTH:
        return (await past.page(job=beginning)).jobs
    found: list[PastJob] = []
    searched = next_before = 0
    async for page in past.search(limit=SEARCHED_MAX):
        found += [job for job in page.jobs if job.summary.job.startswith(beginning)]
        if len(found) > 1:
            return found
        searched, next_before = searched + len(page.jobs), page.next_before
    if next_before and not found:
        raise NotFound(f"none of the last {searched:,} jobs is called {beginning}", "give its id")
    return found
