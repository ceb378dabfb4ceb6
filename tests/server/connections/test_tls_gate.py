"""What strangers send in TLS records is decrypted in their turns, a piece at a time."""

import asyncio
import ssl
from collections.abc import AsyncGenerator
from contextlib import suppress
from pathlib import Path
from typing import cast

import pytest

from codesync_server.configuration.settings import Settings
from codesync_server.connections import listener
from codesync_server.connections.stranger_turns import StrangerTurns
from codesync_server.connections.tls_handshake import (
    BYTES_BEFORE_JOINING,
    PIECE_BYTES,
    TlsGate,
)
from tests.client.certificates import self_signed
from tests.server.connections.test_stranger_turns import Clocks, some_turns
from tests.server.connections.wire import SECONDS, port_of
from tests.servers import RunningServer, running_server
from tests.waiting import eventually

HEAD = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n"


class _Transport(asyncio.Transport):
    """Receives what the test gives it."""

    def __init__(self) -> None:
        super().__init__()
        self.is_paused = self.is_aborted = False
        self.protocol: asyncio.BaseProtocol = _Decrypter()

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self.protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol

    def pause_reading(self) -> None:
        self.is_paused = True

    def resume_reading(self) -> None:
        self.is_paused = False

    def abort(self) -> None:
        self.is_aborted = True

    def receive(self, size: int) -> int:
        """Receive at most so much; return how much."""
        assert not self.is_paused
        protocol = cast("asyncio.BufferedProtocol", self.protocol)
        received = min(size, memoryview(protocol.get_buffer(size)).nbytes)
        protocol.buffer_updated(received)
        return received


class _Decrypter(asyncio.BufferedProtocol):
    """Takes the place of asyncio's TLS protocol."""

    def __init__(self) -> None:
        self.taken = 0
        self._buffer = bytearray(16 * 1024)

    def get_buffer(self, sizehint: int) -> "memoryview[int]":
        return memoryview(self._buffer)

    def buffer_updated(self, nbytes: int) -> None:
        self.taken += nbytes


class _Client:
    """A connection with a gate."""

    def __init__(self, turns: StrangerTurns, address: str = "a") -> None:
        self.is_joined = self.is_held = False
        self.transport, self.decrypter = _Transport(), _Decrypter()
        self.transport.protocol = self.decrypter
        self.gate = TlsGate(
            self.transport,
            turns,
            address,
            is_joined=lambda: self.is_joined,
            is_held=lambda: self.is_held,
        )
        self.gate.interpose()


async def test_h12_a_stranger_has_one_piece_decrypted_in_its_turn() -> None:
    client = _Client(Clocks().turns())
    assert client.transport.receive(16 * 1024) == PIECE_BYTES
    assert (client.decrypter.taken, client.transport.is_paused) == (0, True)
    await eventually(lambda: not client.transport.is_paused)
    assert client.decrypter.taken == PIECE_BYTES


async def test_h12_decrypting_waits_while_strangers_have_used_up_their_time() -> None:
    clocks = Clocks()
    turns = clocks.turns()
    clients = [_Client(turns, str(number)) for number in range(20)]
    clocks.step = 0.01
    for client in clients:
        client.transport.receive(1000)
    await some_turns()
    assert sum(client.decrypter.taken for client in clients) == 1000
    clocks.step, clocks.wall = 0.0, 1000.0
    await eventually(lambda: all(client.decrypter.taken for client in clients))


async def test_h12_nothing_is_decrypted_that_cannot_be_taken() -> None:
    client = _Client(Clocks().turns())
    client.is_held = True
    client.transport.receive(1000)
    await some_turns()
    assert (client.decrypter.taken, client.transport.is_paused) == (0, True)
    client.is_held = False
    client.gate.resume()
    client.gate.resume()
    await eventually(lambda: client.decrypter.taken)
    assert (client.decrypter.taken, client.transport.is_paused) == (1000, False)
    client.gate.resume()
    await some_turns()
    assert client.decrypter.taken == 1000


async def test_h12_members_have_no_turns_and_strangers_only_so_many_bytes() -> None:
    client = _Client(Clocks().turns())
    sent = 0
    while not client.transport.is_aborted:
        assert sent <= BYTES_BEFORE_JOINING
        sent += client.transport.receive(PIECE_BYTES)
        await eventually(lambda: client.transport.is_aborted or not client.transport.is_paused)
    assert client.decrypter.taken <= BYTES_BEFORE_JOINING
    member = _Client(Clocks().turns())
    member.is_joined = True
    for _ in range(10):
        assert member.transport.receive(16 * 1024) == 16 * 1024
    assert member.decrypter.taken == 160 * 1024


async def test_h12_the_end_of_the_connection_cancels_the_turn() -> None:
    client = _Client(Clocks().turns())
    client.transport.receive(1000)
    client.gate.connection_lost(None)
    client.gate.resume()
    await some_turns()
    assert client.decrypter.taken == 0


@pytest.fixture
async def server(
    tmp_path: Path, clocks: Clocks
) -> AsyncGenerator[tuple[RunningServer, ssl.SSLContext], None]:
    certificate, key = await asyncio.to_thread(self_signed, tmp_path, "DNS:localhost")
    settings = Settings(
        port=0, executor="local", drain_seconds=1.0, tls_cert=certificate, tls_key=key
    )
    context = ssl.create_default_context(cafile=str(certificate))
    context.check_hostname = False
    async with running_server(settings) as server:
        yield server, context


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    clocks = Clocks()
    monkeypatch.setattr(listener, "StrangerTurns", clocks.turns)
    return clocks


async def test_h12_records_of_a_server_wait_for_turns(
    server: tuple[RunningServer, ssl.SSLContext], clocks: Clocks
) -> None:
    running, context = server
    reader, writer = await asyncio.open_connection("127.0.0.1", port_of(running.app), ssl=context)
    try:
        clocks.step = 0.01
        for byte in HEAD:  # the first piece puts strangers in debt
            writer.write(bytes([byte]))
        await some_turns()
        writer.write(b"\r\n")
        async with asyncio.timeout(SECONDS), asyncio.TaskGroup() as tasks:
            answer = tasks.create_task(reader.read())
            await eventually(lambda: clocks.cpu)
            await some_turns()
            assert not answer.done()
            clocks.step, clocks.wall = 0.0, 1000.0
        assert answer.result().startswith(b"HTTP/1.1 200")
    finally:
        writer.transport.abort()


async def test_h12_a_stranger_with_too_many_records_is_disconnected(
    server: tuple[RunningServer, ssl.SSLContext],
) -> None:
    running, context = server
    reader, writer = await asyncio.open_connection("127.0.0.1", port_of(running.app), ssl=context)
    try:
        writer.write(HEAD)
        with suppress(ConnectionError):
            for _ in range(BYTES_BEFORE_JOINING // 20):
                writer.write(b"x")  # in a record with 22 bytes more
                await writer.drain()
        async with asyncio.timeout(SECONDS):
            with suppress(ConnectionError):
                assert await reader.read() == b""
    finally:
        writer.transport.abort()
