"""A room's past, asked of a server, or read from the store where there is none to ask."""

import argparse
import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from codesync_cli import kept, where
from codesync_cli.version import AGENT
from codesync_client import NotFound, Past, Room
from codesync_protocol.errors import Code
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
    from codesync_server.rooms.past import Past as KeptPast

PAGE = 100
ID_SHOWN = 8
"""Characters of a job's id that are enough to tell it from others."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what says whose past is meant."""
    where.add_arguments(parser, required=False)
    kept.add_store(parser)


@asynccontextmanager
async def past_of(args: argparse.Namespace) -> AsyncGenerator[Past, None]:
    """Give the past that the arguments of `add_arguments` mean.

    Raises:
        WhereError, ClientError: there is no such room, or it cannot be asked.
        SettingsError, StoreUnusable: the store cannot be read.
    """
    if args.server:
        link, name, options = where.link(args), where.name(args), where.options(args)
        async with Room(link, name=name, options=options, agent=AGENT) as room:
            yield room.past
        return
    async with kept.opened(args) as store:
        from codesync_server.rooms.past import Past as KeptPast

        name = args.room or next((line.name for line in await store.rooms()), "")
        if not name:
            raise NotFound(f"no room is kept yet in {store.about}", "codesync opens one")
        async with _answered(KeptPast(store), name) as past:
            yield past


@asynccontextmanager
async def _answered(kept_past: "KeptPast", room: str) -> AsyncGenerator[Past, None]:
    """A past whose questions are answered from the store, as a server would."""
    asked = asyncio.Event()
    past = Past(asked.set)

    async def answer() -> None:
        while True:
            await asked.wait()
            asked.clear()
            for question in list(past.parts()):
                past.take(await _answer(kept_past, room, question))

    def ended(task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and (error := task.exception()):
            past.end(error)

    answering = asyncio.get_running_loop().create_task(answer())
    answering.add_done_callback(ended)
    try:
        yield past
    finally:
        answering.cancel()
        await asyncio.wait([answering])


async def _answer(past: "KeptPast", room: str, question: ClientMessage) -> ServerMessage:
    match question:
        case FetchHistory():
            return await past.page(room, question)
        case FetchSource():
            return await past.source(room, question)
        case FetchOutput(job=job, offset=offset):
            part = await past.output(room, job, offset)
            return part or Fault(Code.NO_SUCH_JOB, "its output cannot be read", job)
        case _:
            raise AssertionError(question)


async def find_job(past: Past, wanted: str) -> PastJob:
    """Find a past job by its id, or by the beginning of it.

    Raises:
        NotFound: there is none, or the beginning is that of several.
    """
    found: list[PastJob] = []
    before = 0
    while True:
        page = await past.page(before=before, limit=PAGE)
        found += [each for each in page.jobs if each.summary.job.startswith(wanted)]
        if not page.more or (found and len(wanted) >= 32):
            break
        before = page.jobs[-1].place
    if not found:
        raise NotFound(f"no past job is called {wanted}", "see: codesync history")
    if len(found) > 1:
        raise NotFound(f"{len(found)} past jobs begin with {wanted}", "give more of its id")
    return found[0]
