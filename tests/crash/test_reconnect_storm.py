"""500 members reconnect at once, after a cut and after a restart of the server (A58)."""

import asyncio
import json
import urllib.request
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from codesync_client import Connected, Disconnected, Room
from codesync_protocol.links import Link
from codesync_protocol.shared_text import SOURCE
from tests.client.watching import Watcher, watching
from tests.crash.mortal_server import MortalServer
from tests.proxy import Proxy, proxy_to
from tests.waiting import eventually

CROWDS = {"lecture": 200, **{f"group-{number}": 25 for number in range(12)}}
"""Members by room."""

MEMBERS = sum(CROWDS.values())

TEXT = "print('a line of a program that everybody reads')\n" * 1000

ENTER_AT_ONCE = 20
"""The first entry is no storm: a client whose first entry fails does not try again."""

SECONDS = 240.0

pytestmark = pytest.mark.timeout(600, func_only=True)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncGenerator[MortalServer, None]:
    """A server with the default limits."""
    server = MortalServer(tmp_path, str(tmp_path / "rooms.db"), "--executor=local")
    await server.start()
    yield server
    await server.kill()


@asynccontextmanager
async def class_behind(
    server: MortalServer, proxy: Proxy
) -> AsyncGenerator[Sequence[Watcher], None]:
    """Five hundred members behind one address; each room shares one invite."""
    through = f"ws://127.0.0.1:{proxy.port}"
    links = {room: replace(server.invite(room), server=through) for room in CROWDS}
    few, over = asyncio.Semaphore(ENTER_AT_ONCE), asyncio.Event()
    members: list[Watcher] = []

    async def be_member(link: Link, number: int) -> None:
        async with AsyncExitStack() as stack:
            async with few:
                room = Room(link, name=f"member-{number}", shares_text=True)
                members.append(await stack.enter_async_context(watching(room)))
            await over.wait()

    for room in CROWDS:
        host = Room(replace(server.link(room), server=through), name="host", shares_text=True)
        async with watching(host):
            await host.text_settled()
            host.document.replace(SOURCE, TEXT)
            await host.text_settled()
    async with asyncio.TaskGroup() as tasks:
        for room, size in CROWDS.items():
            for number in range(size):
                tasks.create_task(be_member(links[room], number))
        await eventually(lambda: len(members) == MEMBERS, SECONDS)
        yield members
        over.set()


def returns(member: Watcher) -> list[bool]:
    """Of each return, whether it was resumed."""
    return [event.welcome.resumed for event in member.of(Connected) if event.again]


async def all_back(members: Sequence[Watcher], times: int) -> float:
    """Wait until everybody has returned so many times and has the text; tell how long it took."""
    began = monotonic()
    await eventually(
        lambda: all(len(returns(each)) >= times and each.room.connected for each in members),
        SECONDS,
    )
    async with asyncio.timeout(SECONDS):
        for each in members:
            await each.room.text_settled()
    assert all(each.room.document.text() == TEXT for each in members)
    return monotonic() - began


async def stats(server: MortalServer) -> dict[str, Any]:
    """What the server says of itself."""

    def fetch() -> dict[str, Any]:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/stats", timeout=30) as answer:
            return dict(json.load(answer))

    return await asyncio.to_thread(fetch)


def attempts(members: Sequence[Watcher]) -> list[float]:
    """The delays that members waited before they tried again."""
    lost = [event.retry_in for each in members for event in each.of(Disconnected)]
    assert None not in lost, "nobody is kept out for good"
    return [delay for delay in lost if delay is not None]


async def test_a58_of_500_clients_that_are_cut_all_resume_without_a_snapshot(
    server: MortalServer,
) -> None:
    async with proxy_to(server.port) as proxy, class_behind(server, proxy) as members:
        before = (await stats(server))["clients"]["aborted"]
        proxy.cut()
        await all_back(members, 1)
        assert all(all(returns(each)) for each in members), "nobody needed the room anew"
        assert (await stats(server))["clients"]["aborted"] == before, "no handshake was cut off"
        assert "Traceback" not in server.log


async def test_a58_after_a_restart_500_clients_come_back_with_the_default_limits(
    server: MortalServer,
) -> None:
    async with proxy_to(server.port) as proxy, class_behind(server, proxy) as members:
        await server.kill()
        await eventually(lambda: not any(each.room.connected for each in members), SECONDS)
        await server.start()
        seconds = await all_back(members, 1)
        figures = await stats(server)
        assert figures["members"] == MEMBERS
        # Snapshots are made one by one: no turn of the loop takes half of the storm.
        assert figures["loop_lag"]["max_ms"] / 1000 < max(1.0, seconds / 2), figures["loop_lag"]
        assert "Traceback" not in server.log
        delays = attempts(members)
        assert len({round(delay, 3) for delay in delays}) > MEMBERS / 20, "attempts are spread"
        print(f"{MEMBERS} back in {seconds:.1f} s, {len(delays)} attempts, {figures['loop_lag']}")
