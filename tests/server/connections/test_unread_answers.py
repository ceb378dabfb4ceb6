"""Data for members who do not read stays within its limits."""

import asyncio
import gc
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import cast

import pytest
from websockets.exceptions import ConnectionClosed

from codesync_protocol.limits import FRAME_MAX, MIB
from codesync_protocol.messages import FetchSource, Finished, Role
from codesync_server.access.budgets import Budget
from codesync_server.configuration.settings import Settings
from codesync_server.connections import outbox, peer
from codesync_server.rooms.commands import dispatch
from tests.server.connections.wire import Wire, get, member_of, python_job
from tests.servers import RunningServer, running_server
from tests.waiting import eventually

VIEWERS = 150
ROOMS = 10
"""Each has as many viewers; in one room, 150 would be told of each other 150 times."""

QUESTIONS = 8
"""Of each viewer; an answer has 60 KB, so all of them together have 69 MiB."""

LIMIT = 8 * MIB
SLACK = 40 * MIB
"""For the viewers' ends, which are in this process as well, and for the allocator."""


def outboxes_of(server: RunningServer) -> Mapping[str, int]:
    """The figures of the outboxes in /stats."""
    return cast("Mapping[str, int]", server.app.stats()["outboxes"])


def resident() -> int:
    """The memory of this process in bytes."""
    gc.collect()
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:"))


async def test_h13_a44_150_viewers_who_do_not_read_do_not_exceed_the_memory_for_outboxes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """0.1: from 47 to 611 MiB."""
    monkeypatch.setattr(dispatch, "QUERIES", Budget("queries", "queries"))  # no limit on the rate
    settings = Settings(port=0, executor="local", drain_seconds=1.0, memory_for_outboxes=LIMIT)
    async with running_server(settings) as server, AsyncExitStack() as stack:
        viewers: list[tuple[Wire, str]] = []
        for number in range(ROOMS):
            name = f"room-{number}"
            async with member_of(server, name="ana", room=name) as ana:
                job = python_job("print('done')\n#" + "x" * 60_000)
                await ana.say(job)
                await ana.hear(Finished)
            for _ in range(VIEWERS // ROOMS):
                entering = member_of(server, name="eve", room=name, role=Role.VIEWER)
                viewers.append((await stack.enter_async_context(entering), job.job))
        before = resident()
        for viewer, _ in viewers:
            viewer.connection.transport.pause_reading()
        most = 0
        for number in range(QUESTIONS):
            for viewer, job_id in viewers:
                with suppress(ConnectionClosed):
                    await viewer.say(FetchSource(number, job_id))
            most = max(most, outboxes_of(server)["bytes"])
        await eventually(lambda: outboxes_of(server)["evictions"])
        assert most <= LIMIT
        assert await asyncio.to_thread(resident) - before < LIMIT + SLACK
        assert (await get(server, "/health")).status == 200
        for viewer, _ in viewers:
            viewer.connection.transport.abort()  # or each waits for an answer to its goodbye


FLOOD = "import sys\nfor _ in range(90): sys.stdout.write('x' * 100_000)\n"


async def test_a44_a45_at_most_1_mib_of_output_waits_for_a_member_that_stopped_reading(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The figures of the rows: 1 MiB for each member, and progress within 10 s.

    A member is not evicted at 1 MiB: output beyond it is left out, and can be fetched later. It is
    evicted when one frame takes 10 s, not 5 s: slow lines need up to 10 s.
    """
    assert (outbox.OUTPUT_BYTES_MAX, peer.PROGRESS_SECONDS) == (MIB, 10.0)
    monkeypatch.setattr(peer, "PROGRESS_SECONDS", 1.5)
    settings = Settings(port=0, executor="local", drain_seconds=1.0)
    async with (
        running_server(settings) as server,
        member_of(server, name="ana") as ana,
        member_of(server, name="eve") as eve,
    ):
        eve.connection.transport.pause_reading()
        most: list[int] = [0]

        def is_gone() -> bool:
            most[0] = max(most[0], outboxes_of(server)["bytes"])
            return server.app.stats()["connections"] == 1

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(eventually(is_gone))
            await ana.say(python_job(FLOOD))
            assert (await ana.hear(Finished)).result.output_bytes == 9_000_000
        assert MIB // 2 < most[0] <= 2 * (MIB + FRAME_MAX), "of both members together"
