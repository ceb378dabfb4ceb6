"""Connections that have ended are freed without the garbage collector, which stops the loop."""

import asyncio
import gc
import ssl
import subprocess
import sys
from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from typing import Any
from weakref import WeakSet

import pytest

from codesync_server.configuration.settings import Settings
from codesync_server.connections.connection import Connection
from codesync_server.garbage_collection import THRESHOLDS
from tests.client.certificates import self_signed
from tests.server.connections.test_http_endpoints import UPGRADE
from tests.server.connections.wire import (
    BINARY,
    ask,
    get,
    hello_to,
    member_of,
    port_of,
    raw_frame,
    socket_to,
    wire_to,
)
from tests.servers import RunningServer, running_server
from tests.waiting import eventually

SETTINGS = Settings(port=0, executor="local", drain_seconds=1.0)


@pytest.fixture
async def server() -> AsyncGenerator[RunningServer, None]:
    async with running_server(SETTINGS) as server:
        yield server


class _Connections:
    """Counts the server's connections, also those that have ended and are not freed yet."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen = 0
        self._existing = WeakSet[Connection]()
        make = Connection.__init__

        def tracked(connection: Connection, *args: Any, **kwargs: Any) -> None:
            make(connection, *args, **kwargs)
            self.seen += 1
            self._existing.add(connection)

        monkeypatch.setattr(Connection, "__init__", tracked)

    async def are_freed(self) -> None:
        """Wait until some existed, and none exists any more."""
        await eventually(lambda: self.seen and not self._existing)


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> Generator[_Connections, None, None]:
    gc.disable()
    try:
        yield _Connections(monkeypatch)
    finally:
        gc.enable()


async def test_h12_a_page_leaves_no_garbage(
    server: RunningServer, connections: _Connections
) -> None:
    assert (await get(server, "/health")).status == 200
    assert (await ask(server, b"no HTTP\r\n\r\n")).status != 200
    await connections.are_freed()


@pytest.mark.parametrize("sent", [b"", raw_frame(BINARY, b"no hello")], ids=["reset", "fault"])
async def test_h12_a_websocket_without_a_member_leaves_no_garbage(
    server: RunningServer, connections: _Connections, sent: bytes
) -> None:
    async with socket_to(server) as (reader, writer):
        lines = "".join(f"{name}: {value}\r\n" for name, value in UPGRADE.items())
        writer.write(f"GET / HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n".encode() + sent)
        await reader.readuntil(b"\r\n\r\n")
        if sent:
            await reader.read(1)
        writer.transport.abort()
    await connections.are_freed()


async def test_h12_a_refused_client_leaves_no_garbage(
    server: RunningServer, connections: _Connections
) -> None:
    async with wire_to(server) as wire:
        await wire.refusal(hello_to(server, token="wrong"))
    del wire
    await connections.are_freed()


async def test_h12_a_member_who_leaves_leaves_no_garbage(
    server: RunningServer, connections: _Connections
) -> None:
    async with member_of(server):
        pass
    await connections.are_freed()


async def test_h12_a_failed_tls_handshake_leaves_no_garbage(
    tmp_path: Path, connections: _Connections
) -> None:
    certificate, key = await asyncio.to_thread(self_signed, tmp_path, "DNS:localhost")
    settings = Settings(
        port=0, executor="local", drain_seconds=1.0, tls_cert=certificate, tls_key=key
    )
    async with running_server(settings) as server:
        port = port_of(server.app)
        for sent in (b"no TLS\r\n\r\n", _client_hello()):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(sent)
            writer.write_eof()
            writer.close()
        await eventually(lambda: connections.seen == 2)
        await connections.are_freed()


def _client_hello() -> bytes:
    sent = ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(
        ssl.MemoryBIO(), sent, server_hostname="localhost"
    )
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return sent.read()


def test_h12_the_collector_does_not_look_at_what_a_server_has_loaded() -> None:
    code = (
        "import gc, codesync_server.app\n"
        "from codesync_server.garbage_collection import exempt_loaded_objects\n"
        "exempt_loaded_objects()\n"
        "print(gc.get_freeze_count() > 10_000, len(gc.get_objects()) < 1000, gc.get_threshold())"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == f"True True {THRESHOLDS}"
