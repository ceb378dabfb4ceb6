"""A connection is opened, or an error states the reason."""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection, serve

from codesync_client.connection.dial import DialOptions, dial
from codesync_client.errors import CannotConnect
from tests.client.certificates import expired, self_signed

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
PATIENT = DialOptions(open_timeout=10.0)


class Stranger:
    """A server that is not ours: counts who comes, and answers with fixed bytes."""

    def __init__(self, answer: bytes, *, silent: bool = False) -> None:
        self.answer = answer
        self.silent = silent
        self.visits: list[bytes] = []
        self.gone = asyncio.Semaphore(0)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.visits.append(await reader.read(4096))
        if not self.silent:
            writer.write(self.answer)
            writer.write_eof()
        await reader.read()
        writer.close()
        self.gone.release()

    @asynccontextmanager
    async def listening(self) -> AsyncGenerator[int, None]:
        """Listen while the block lasts; gives the port."""
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        async with server:
            yield int(server.sockets[0].getsockname()[1])
            for _ in self.visits:
                await self.gone.acquire()


def http(status: str, *headers: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "Content-Length: 0", "", ""]).encode()


@asynccontextmanager
async def websocket_server(
    tls: tuple[Path, Path] | None = None,
) -> AsyncGenerator[int, None]:
    """A websocket server that says nothing; gives its port."""
    context = None
    if tls is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*tls)

    async def stand(connection: ServerConnection) -> None:
        await connection.wait_closed()

    async with serve(stand, "127.0.0.1", 0, ssl=context) as server:
        yield int(next(iter(server.sockets)).getsockname()[1])


async def refusal(address: str, options: DialOptions = PATIENT) -> CannotConnect:
    """Why an address cannot be connected to."""
    with pytest.raises(CannotConnect) as caught:
        await dial(address, options)
    return caught.value


async def test_a_websocket_is_opened() -> None:
    async with websocket_server() as port:
        connection = await dial(f"ws://127.0.0.1:{port}", PATIENT)
        assert connection.protocol.extensions == []  # no compression
        await connection.close()


# In the clear.


@pytest.mark.parametrize(
    "server", ["ws://192.0.2.1:4000", "ws://example.org:4000", "ws://[2001:db8::1]:4000"]
)
async def test_a77_another_machine_is_not_spoken_to_in_the_clear(server: str) -> None:
    error = await refusal(server)
    assert error.reason.startswith(f"{server} is not encrypted, and not on this machine")
    assert "--insecure" in error.remedy


async def test_an_address_that_is_not_surely_this_machine_needs_insecure() -> None:
    async with websocket_server() as port:
        # 0.0.0.0 leads here, but is not a loopback address.
        await refusal(f"ws://0.0.0.0:{port}")
        connection = await dial(f"ws://0.0.0.0:{port}", DialOptions(insecure=True))
        await connection.close()


async def test_a_proxy_of_the_environment_is_not_told_of_this_machines_servers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    proxy = Stranger(http("502 Bad Gateway"))
    async with proxy.listening() as proxy_port, websocket_server() as port:
        for name in ("http_proxy", "https_proxy", "all_proxy", "socks_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy_port}")
        connection = await dial(f"ws://127.0.0.1:{port}", PATIENT)
        await connection.close()
    assert proxy.visits == []


# Servers that are something else.


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 x", "308 x"])
async def test_a_server_cannot_send_us_elsewhere(status: str) -> None:
    elsewhere = Stranger(b"")
    async with elsewhere.listening() as second:
        here = Stranger(http(status, f"Location: ws://127.0.0.1:{second}/"))
        async with here.listening() as first:
            error = await refusal(f"ws://127.0.0.1:{first}")
    assert f"HTTP {status[:3]}" in error.reason
    assert len(here.visits) == 1
    assert elsewhere.visits == []


@pytest.mark.parametrize("status", ["200 OK", "400 Bad Request", "403 Forbidden", "500 x"])
async def test_a_web_server_is_told_from_a_room(status: str) -> None:
    async with Stranger(http(status)).listening() as port:
        error = await refusal(f"ws://127.0.0.1:{port}")
    assert error.reason == (
        f"ws://127.0.0.1:{port} answered, but refused the connection (HTTP {status[:3]})"
    )


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x00" * 10_000,
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        http("101 x", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Accept: wrong"),
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 10_000,
    ],
    ids=["ssh", "zeros", "half a handshake", "wrong key", "headers without end"],
)
async def test_what_does_not_speak_websocket_is_said_not_to(answer: bytes) -> None:
    async with Stranger(answer).listening() as port:
        error = await refusal(f"ws://127.0.0.1:{port}")
    assert error.reason.startswith(f"ws://127.0.0.1:{port} does not speak websocket")
    assert error.remedy == "check that the address is a CodeSync server's"


async def test_a_server_that_says_nothing_is_given_up() -> None:
    async with Stranger(b"", silent=True).listening() as port:
        error = await refusal(f"ws://127.0.0.1:{port}", DialOptions(open_timeout=0.1))
    assert error.reason == f"ws://127.0.0.1:{port} did not answer within 0.1 s"


@pytest.mark.parametrize("resets", [True, False], ids=["reset", "closed"])
async def test_h40_a_server_that_takes_no_more_connections_is_said_to_close_them(
    resets: bool,
) -> None:
    """What a server does beyond twice its rate of connections (docs/reference/limits.md)."""

    async def close(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if resets:
            sock = writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.close()

    async with await asyncio.start_server(close, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(CannotConnect) as caught:
            await dial(f"ws://127.0.0.1:{port}", DialOptions())
    assert (
        "takes no more connections now: it closed this one without an answer" in caught.value.reason
    )
    assert "try again in a minute" in caught.value.remedy


async def test_nobody_listening_is_said_with_how_to_start_a_server() -> None:
    async with Stranger(b"").listening() as port:
        pass
    error = await refusal(f"ws://127.0.0.1:{port}")
    assert error.reason.startswith(f"no server answers at ws://127.0.0.1:{port}")
    assert "codesync serve" in error.remedy


@pytest.mark.parametrize("host", ["a" * 300, "a..b"])
async def test_a_name_that_nobody_can_have_is_refused(host: str) -> None:
    await refusal(f"ws://{host}:4000", DialOptions(insecure=True, open_timeout=5.0))


# Certificates.


async def test_a_certificate_that_nobody_vouches_for_is_not_trusted(
    own_certificate: tuple[Path, Path],
) -> None:
    async with websocket_server(own_certificate) as port:
        error = await refusal(f"wss://localhost:{port}")
    assert "its certificate is not trusted" in error.reason
    assert "--ca-file" in error.remedy


async def test_a_certificate_that_the_user_vouches_for_is_trusted(
    own_certificate: tuple[Path, Path],
) -> None:
    async with websocket_server(own_certificate) as port:
        options = DialOptions(ca_file=own_certificate[0])
        connection = await dial(f"wss://localhost:{port}", options)
        await connection.close()


async def test_a_certificate_of_somebody_else_is_not_trusted(tmp_path: Path) -> None:
    certificate = self_signed(tmp_path, "DNS:other.example")
    async with websocket_server(certificate) as port:
        error = await refusal(f"wss://localhost:{port}", DialOptions(ca_file=certificate[0]))
    assert "its certificate is not trusted" in error.reason


async def test_f37_a_certificate_that_has_expired_is_not_trusted_and_the_user_told_why(
    tmp_path: Path,
) -> None:
    """The server reloads its certificate by a later issue (H39)."""
    own_certificate = self_signed(tmp_path, "DNS:localhost", "IP:127.0.0.1")
    expired(*own_certificate)
    async with websocket_server(own_certificate) as port:
        error = await refusal(f"wss://localhost:{port}", DialOptions(ca_file=own_certificate[0]))
    assert "its certificate is not trusted (certificate has expired)" in error.reason


async def test_a_server_without_tls_is_not_said_to_have_a_bad_certificate() -> None:
    async with websocket_server() as port:
        error = await refusal(f"wss://localhost:{port}")
    assert error.reason.startswith(f"wss://localhost:{port} does not speak TLS")
    assert "ws://" in error.remedy


async def test_a_server_with_tls_does_not_answer_in_the_clear(
    own_certificate: tuple[Path, Path],
) -> None:
    async with websocket_server(own_certificate) as port:
        error = await refusal(f"ws://127.0.0.1:{port}")
    assert "does not speak websocket" in error.reason


@pytest.mark.parametrize("content", [None, "", "no certificate"])
async def test_certificates_that_cannot_be_read_are_said_to_be_unreadable(
    tmp_path: Path, content: str | None
) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    error = await refusal("wss://localhost:1", DialOptions(ca_file=file))
    assert error.reason.startswith("cannot read the certificates")
