"""Connections of strangers exhaust neither descriptors nor the log, and disturb no member."""

import asyncio
import json
import resource
import socket
import ssl
import tracemalloc
from collections.abc import AsyncGenerator, Generator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from codesync_client import Room
from codesync_protocol.messages import Role
from codesync_protocol.verdict import Verdict
from codesync_server.configuration.settings import Settings
from codesync_server.connections import client_limits, descriptors
from tests.client.certificates import self_signed
from tests.crash.mortal_server import MortalServer
from tests.programs import python, submit_and_wait
from tests.server.connections.wire import SECONDS, clients_of, get, member_of, port_of
from tests.servers import running_server
from tests.waiting import eventually

OPEN_FILES = 256
SETTINGS = Settings(port=0, executor="local", drain_seconds=1.0)


@asynccontextmanager
async def server_process(folder: Path, *arguments: str) -> AsyncGenerator[MortalServer, None]:
    """Run `codesync serve` with few descriptors while the block lasts."""
    server = MortalServer(
        folder,
        str(folder / "rooms.db"),
        "--executor=local",
        *arguments,
        open_files=OPEN_FILES,
    )
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


@contextmanager
def silent_sockets(port: int, count: int, source: str = "127.0.0.2") -> Generator[None]:
    """Keep TCP connections that say nothing while the block lasts; some may be reset."""
    with ExitStack() as stack:
        for _ in range(count):
            sock = stack.enter_context(socket.socket())
            sock.bind((source, 0))
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", port))
        yield


async def figures(port: int, path: str) -> dict[str, Any]:
    """Ask a server process for a page."""
    async with asyncio.timeout(SECONDS):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        answer = await reader.read()
        writer.close()
    return dict(json.loads(answer.partition(b"\r\n\r\n")[2]))


async def works(link_of: Room) -> None:
    """Enter a room, run a program there, and see its verdict."""
    async with link_of as room:
        outcome = await submit_and_wait(room, python("print('works')"))
        assert outcome.result.verdict is Verdict.OK


@pytest.mark.parametrize("source", ["127.0.0.1", "127.0.0.2"])
async def test_h10_h35_a43_idle_connections_exhaust_neither_descriptors_nor_the_log(
    tmp_path: Path, source: str
) -> None:
    """0.1: no job gets a process, 31,148 lines in the log, /health takes 20 s."""
    async with server_process(tmp_path) as server:
        with silent_sockets(server.port, 700, source):
            await works(Room(server.invite("lab-room"), name="ana"))
            with silent_sockets(server.port, 100, source):
                assert (await figures(server.port, "/health"))["status"] == "ok"
                clients = (await figures(server.port, "/stats"))["clients"]
                await works(Room(server.invite("lab-room"), name="ben"))
        assert clients["handshaking"] < OPEN_FILES
        assert clients["descriptors_limit"] == OPEN_FILES
        assert clients["descriptors"] < OPEN_FILES
        assert len(server.log.splitlines()) < 30
        assert "limit of 256 open files is too low" in server.log


async def test_h10_members_of_all_addresses_fit_although_strangers_fill_the_handshakes(
    tmp_path: Path,
) -> None:
    async with server_process(tmp_path) as server:
        with silent_sockets(server.port, 300, "127.0.0.3"), silent_sockets(server.port, 300):
            invite = server.invite("lab-room")
            async with asyncio.timeout(SECONDS), asyncio.TaskGroup() as tasks:
                for number in range(20):
                    tasks.create_task(works(Room(invite, name=f"pupil {number}")))


async def test_h10_a43_without_any_descriptor_left_connections_are_reset_and_the_log_stays_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reserve is used up by something else, such as a leak: accept fails with EMFILE."""
    script = tmp_path / "sitecustomize.py"
    script.write_text(
        "from codesync_server.connections import descriptors\n"
        "descriptors.for_clients = lambda settings: (10_000, 10_000)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    async with server_process(tmp_path, "--handshakes-per-address=10000") as server:
        with silent_sockets(server.port, 1000):
            await asyncio.sleep(1.0)  # a server that spins writes thousands of lines meanwhile
            assert len(server.log.splitlines()) < 40
        health = await eventually_health(server.port)
        assert health["status"] in {"ok", "degraded"}
        await works(Room(server.invite("lab-room"), name="ana"))


async def eventually_health(port: int) -> dict[str, Any]:
    """Ask for /health until the server has a descriptor for it."""
    async with asyncio.timeout(SECONDS):
        while True:
            try:
                return await figures(port, "/health")
            except (OSError, ValueError):
                await asyncio.sleep(0.1)


async def test_h10_a42_half_a_tls_handshake_is_cut_off_and_keeps_nobody_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_limits, "HANDSHAKE_SECONDS", 1.5)
    certificate, key = await asyncio.to_thread(self_signed, tmp_path, "DNS:localhost")
    settings = Settings(
        port=0,
        executor="local",
        drain_seconds=1.0,
        tls_cert=certificate,
        tls_key=key,
        handshakes_per_address=50,
    )
    context = ssl.create_default_context(cafile=str(certificate))
    async with running_server(settings) as server, asyncio.timeout(SECONDS):
        port = port_of(server.app)
        half = [await asyncio.open_connection("127.0.0.1", port) for _ in range(40)]
        for _, writer in half:
            writer.write(b"\x16\x03\x01\x02\x00\x01")  # the beginning of a ClientHello
        assert clients_of(server)["handshaking"] == 40
        more = [await asyncio.open_connection("127.0.0.1", port) for _ in range(40)]
        _, whole = await asyncio.open_connection("localhost", port, ssl=context)
        whole.write(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        for reader, writer in (*half, *more):
            with suppress(ConnectionResetError):
                assert await reader.read() == b""
            writer.close()
        await eventually(lambda: not clients_of(server)["handshaking"])
        aborted = clients_of(server)["aborted"]
        assert aborted["too many handshakes of the address"] >= 30
        assert aborted["too slow"] >= 40
        whole.close()


async def test_h10_a_silent_tls_connection_takes_little_memory(tmp_path: Path) -> None:
    certificate, key = await asyncio.to_thread(self_signed, tmp_path, "DNS:localhost")
    settings = Settings(
        port=0, executor="local", drain_seconds=1.0, tls_cert=certificate, tls_key=key
    )
    context = ssl.create_default_context(cafile=str(certificate))
    async with running_server(settings) as server, asyncio.timeout(SECONDS):
        port = port_of(server.app)
        tracemalloc.start()
        try:
            with silent_sockets(port, 200, "127.0.0.1"):
                await eventually(lambda: clients_of(server)["handshaking"] == 200)
                _, whole = await asyncio.open_connection("localhost", port, ssl=context)
                held, _ = tracemalloc.get_traced_memory()
                whole.close()
        finally:
            tracemalloc.stop()
    assert held < 200 * 64 * 1024


async def test_h10_websockets_that_never_say_hello_take_no_places_of_members() -> None:
    settings = Settings(port=0, executor="local", drain_seconds=1.0, connections_max=3)
    async with running_server(settings) as server:
        with silent_sockets(port_of(server.app), 50, "127.0.0.1"):
            await eventually(lambda: clients_of(server)["handshaking"] == 50)
            async with member_of(server, name="ana"), member_of(server, name="ben") as ben:
                assert clients_of(server)["joined"] == 2
                assert await ben.is_alive()


async def test_h10_a_class_of_300_behind_one_address_joins_at_once_and_works() -> None:
    async with running_server(SETTINGS) as server:
        links = [server.link(f"room-{number}", Role.EDITOR) for number in range(10)]
        everybody_is_here = asyncio.Event()

        async def pupil(number: int) -> None:
            async with AsyncExitStack() as stack:
                async with clients_machine:
                    link = links[number % 10]
                    room = Room(link, name=f"pupil {number}", shares_text=True)
                    await stack.enter_async_context(room)
                    await room.text_settled()
                here.append(number)
                if len(here) == 300:
                    everybody_is_here.set()
                await everybody_is_here.wait()
                room.document.edit("source", 0, 0, "x")
                await room.text_settled()

        here: list[int] = []
        # All pupils share one cpu here, and each of them waits for 10 s for the server.
        clients_machine = asyncio.Semaphore(50)
        async with asyncio.timeout(4 * SECONDS), asyncio.TaskGroup() as tasks:
            for number in range(300):
                tasks.create_task(pupil(number))
            await everybody_is_here.wait()
            assert clients_of(server)["joined"] == 300
        assert not clients_of(server)["aborted"]
        assert not server.app.stats()["refusals"]


async def test_h10_behind_a_trusted_proxy_each_client_has_places_of_its_own() -> None:
    settings = Settings(
        port=0,
        executor="local",
        drain_seconds=1.0,
        handshakes_per_second=0.1,
        trusted_proxies=("127.0.0.0/8",),
    )
    async with running_server(settings) as server:
        upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
        key = {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
        for client in ("198.51.100.1", "198.51.100.2"):
            headers = upgrade | key | {"X-Forwarded-For": client}
            assert (await get(server, "/", headers=headers)).status == 101
            refused = await get(server, "/", headers=headers)
            assert refused.status == 429
            assert str(refused.figures["error"]).startswith("Your address's limit on connections")


def test_h10_the_soft_limit_is_raised_and_few_descriptors_are_divided(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    limits = [1024, 4096]

    def getrlimit(_: int) -> tuple[int, int]:
        return limits[0], limits[1]

    def setrlimit(_: int, new: tuple[int, int]) -> None:
        limits[:] = new

    monkeypatch.setattr(resource, "getrlimit", getrlimit)
    monkeypatch.setattr(resource, "setrlimit", setrlimit)
    assert descriptors.divide_descriptors(Settings()) == (2000, 1000)
    assert limits[0] == 2000 + 1000 + descriptors.RESERVED
    assert not caplog.records
    limits[:] = [512, 1024]
    members, handshakes = descriptors.divide_descriptors(Settings())
    assert limits[0] == 1024
    assert members + handshakes <= 1024 - descriptors.RESERVED
    assert abs(members - 2 * handshakes) <= 2
    assert "at least 3200" in caplog.text
