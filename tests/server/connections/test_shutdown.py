"""Shutdown: all members are informed, and none delays it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from codesync_protocol.messages import Finished, Notice, Role, Started, Welcome
from codesync_protocol.verdict import Verdict
from codesync_server.configuration.settings import Settings
from codesync_server.connections import handshake, listener, peer
from tests.server.connections.test_hostile_frames import FLOOD, HANDSHAKE
from tests.server.connections.wire import member_of, port_of, python_job, socket_to, wire_to
from tests.servers import RunningServer, running_server

SETTINGS = Settings(port=0, executor="local", drain_seconds=0.5)

END_SECONDS = 25.0
"""How long a server may take to end; after that whoever told it to end would kill it."""

GOING_AWAY = 1001
ENDS = "the server is shutting down"


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is cut off for being slow: only the end itself can end a connection."""
    monkeypatch.setattr(listener, "OPEN_SECONDS", 3600.0)
    monkeypatch.setattr(listener, "PING_SECONDS", 3600.0)
    monkeypatch.setattr(handshake, "HELLO_SECONDS", 3600.0)
    monkeypatch.setattr(peer, "PROGRESS_SECONDS", 3600.0)


@asynccontextmanager
async def soon() -> AsyncGenerator[RunningServer, None]:
    """A server that ends with the block, in the time that it has."""
    async with asyncio.timeout(None) as limit:
        async with running_server(SETTINGS) as server:
            yield server
            limit.reschedule(asyncio.get_running_loop().time() + END_SECONDS)
            server.stop.set()


async def test_f04_everybody_in_every_room_is_told_and_then_let_go() -> None:
    async with AsyncExitStack() as clients:
        async with running_server(SETTINGS) as server:
            here = [
                await clients.enter_async_context(
                    member_of(server, name=name, room=room, role=role)
                )
                for name, room, role in (
                    ("ana", "room-1", Role.HOST),
                    ("ben", "room-1", Role.EDITOR),
                    ("cyd", "room-1", Role.VIEWER),
                    ("eve", "room-2", Role.EDITOR),
                )
            ]
            await here[3].say(python_job("input()"), python_job("import time; time.sleep(3600)"))
            await here[3].hear(Started)
            server.stop.set()
            for each in here:
                assert await each.end() == GOING_AWAY
                assert each.connection.close_reason == ENDS
                assert Notice("warning", ENDS) in each.of(Notice), "before it happens"
            jobs = {each.job: each.result.verdict for each in here[3].of(Finished)}
            assert Verdict.OK not in jobs.values()
            assert len(jobs) == 2, "what cannot be handed over ends, and its owner is told"


@pytest.mark.usefixtures("patience")
async def test_f04_whoever_does_not_read_does_not_hold_up_the_end() -> None:
    async with AsyncExitStack() as clients:
        async with soon() as server:
            ana = await clients.enter_async_context(member_of(server, name="ana"))
            stalled = [
                await clients.enter_async_context(member_of(server, name="eve")) for _ in range(3)
            ]
            for eve in stalled:
                eve.connection.transport.pause_reading()
            await ana.say(python_job(FLOOD))
            await ana.hear(Finished)
        for eve in stalled:
            assert not eve.connection.transport.is_closing(), "it has not even noticed"
        assert await ana.end() == GOING_AWAY
        assert ana.connection.close_reason == ENDS


@pytest.mark.usefixtures("patience")
async def test_f04_nor_does_whoever_has_not_said_a_word() -> None:
    async with AsyncExitStack() as clients:
        async with soon() as server:
            silent = await clients.enter_async_context(wire_to(server))
            ana = await clients.enter_async_context(member_of(server, name="ana"))
        assert await silent.end() == 1006
        assert not silent.of(Welcome)
        assert await ana.end() == GOING_AWAY


async def test_f04_nor_does_whoever_is_only_at_the_door() -> None:
    async with AsyncExitStack() as clients:
        async with soon() as server:
            _, writer = await clients.enter_async_context(socket_to(server))
            writer.write(HANDSHAKE)  # and nothing behind it
            await clients.enter_async_context(socket_to(server))
            ana = await clients.enter_async_context(member_of(server, name="ana"))
        assert await ana.end() == GOING_AWAY


async def test_f04_nobody_comes_in_any_more() -> None:
    async with running_server(SETTINGS) as server, member_of(server) as ana:
        port = port_of(server.app)
        server.stop.set()
        assert await ana.end() == GOING_AWAY
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)
