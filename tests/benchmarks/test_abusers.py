"""The abusers of the benchmark `abuse` do what their cases say."""

import asyncio
import secrets
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from benchmarks.abusers.abuse import Abuse
from benchmarks.abusers.cases import CASES, STORED_JOBS
from benchmarks.abusers.frames import message_in_fragments
from benchmarks.stored_jobs import store_finished_jobs
from websockets.frames import Frame, Opcode
from websockets.streams import StreamReader

from codesync_server.access.invites import InviteSigner
from codesync_server.store.choice import choose_store
from codesync_server.store.records import JobQuery
from tests.servers import RunningServer, running_server
from tests.waiting import eventually

VIEWERS = 3
"""Of a crowd in these tests."""

ACTIONS = {
    "carets_of_a_crowd": {"viewers": 2 * VIEWERS, "carets": 20},
    "typed_lines_of_a_crowd": {"viewers": VIEWERS, "lines": 20},
    "dots": {"viewers": VIEWERS, "submitted": 4},
    "submit_and_cancel": {"cancelled": 6, "rejected": 1},
    "roles": {"viewers": VIEWERS, "roles": 20},
    "fragments": {"messages": 20},
    "bytes_after_a_broken_frame": {"broken_frames": 10},
    "searches": {"pages": 6},
    "output_to_a_crowd": {"viewers": VIEWERS, "submitted": 1},
    "stats_requests": {"answers": 20},
    "closed_connections": {"closed": 500},
}
"""What each case does at least."""


@asynccontextmanager
async def abusing(server: RunningServer, token: str, name: str) -> AsyncGenerator[Abuse]:
    """Abuse a server during the block."""
    begun: asyncio.Future[Abuse] = asyncio.get_running_loop().create_future()

    async def abuse() -> None:
        async with AsyncExitStack() as stack, asyncio.TaskGroup() as tasks:
            address = server.link().server
            abuse = Abuse(address, InviteSigner(token), stack, tasks, viewers=VIEWERS)
            await CASES[name](abuse)
            begun.set_result(abuse)
            await asyncio.Event().wait()

    async with asyncio.TaskGroup() as tasks:
        abusing = tasks.create_task(abuse())
        yield await begun
        abusing.cancel()


@pytest.mark.parametrize("name", ACTIONS)
async def test_abusers_perform_their_actions(name: str) -> None:
    token = secrets.token_urlsafe(32)
    async with running_server(token=token) as server, abusing(server, token, name) as abuse:
        for action, count in ACTIONS[name].items():
            await eventually(lambda: abuse.done.get(action, 0) >= count)  # noqa: B023 # awaited


def test_a_message_in_fragments_is_one_message() -> None:
    reader, frames = StreamReader(), list[Frame]()
    reader.feed_data(message_in_fragments(5_000))
    for _ in range(5_000):
        parsing = Frame.parse(reader.read_exact, mask=True)
        with pytest.raises(StopIteration) as parsed:
            next(parsing)
        frames.append(parsed.value.value)
    assert [frame.opcode for frame in frames] == [Opcode.BINARY] + [Opcode.CONT] * 4_999
    assert [frame.fin for frame in frames] == [False] * 4_999 + [True]
    assert b"".join(frame.data for frame in frames) == b"x" * 5_000


async def test_finished_jobs_are_in_the_store_before_a_case_begins() -> None:
    store = choose_store("memory")
    await store.open()
    room, _ = STORED_JOBS["searches"]
    await store_finished_jobs(store, 1_001, room=room, excerpt="some words")
    found = (await store.jobs(room, JobQuery(text="some words"), before=1_002, limit=10)).jobs
    assert [job.place for job in found] == list(range(1_001, 991, -1))
    assert not (
        await store.jobs(room, JobQuery(text="no job has this"), before=1_002, limit=10)
    ).jobs
    await store.close()
