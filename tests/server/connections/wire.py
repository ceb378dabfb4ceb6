"""Clients that send single frames to a real server, also invalid ones."""

import asyncio
import json
import secrets
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

from codesync_protocol import version
from codesync_protocol.codec import decode_from_server, encode
from codesync_protocol.limits import MIB
from codesync_protocol.messages import (
    Challenge,
    ClientMessage,
    Fault,
    Refused,
    Role,
    ServerMessage,
    StdinMode,
    Submit,
    SubmitFile,
    Welcome,
)
from codesync_server.app import App
from tests.handshakes import Caller
from tests.servers import RunningServer

SECONDS = 60.0
ROOM = "test-room"

CONTINUED, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA

_Message = TypeVar("_Message", bound=ServerMessage)


def hello_to(
    server: RunningServer,
    *,
    room: str = ROOM,
    role: Role = Role.EDITOR,
    token: str | None = None,
    name: str = "ana",
    key: str | None = None,
    oldest: int = version.OLDEST,
    newest: int = version.NEWEST,
) -> Caller:
    """A client that is accepted, but for what is said otherwise."""
    shown = server.app.invites.invite(room, role) if token is None else token
    return Caller(oldest, newest, room, shown, name, key or secrets.token_hex(16))


def python_job(source: str, job: str = "", *, stdin: StdinMode = StdinMode.CLOSED) -> Submit:
    """A Python program to submit."""
    body = source.encode()
    files = (SubmitFile("main.py", len(body)),)
    return Submit(job or secrets.token_hex(16), "python", files, stdin=stdin, body=body)


def raw_frame(
    opcode: int,
    payload: bytes = b"",
    *,
    fin: bool = True,
    reserved: int = 0,
    says: int | None = None,
) -> bytes:
    """A websocket frame as a client sends it (RFC 6455, 5.2).

    Args:
        opcode: what it is.
        payload: its content.
        fin: it is the last one of its message.
        reserved: the bits RSV1 to RSV3.
        says: the length that it claims to have instead of its own.
    """
    length = len(payload) if says is None else says
    first = (0x80 if fin else 0) | reserved << 4 | opcode
    mask = bytes(4)  # masked, as a client must, with what changes nothing
    if length < 126:
        return bytes([first, 0x80 | length]) + mask + payload
    if length < 1 << 16:
        return bytes([first, 0x80 | 126]) + length.to_bytes(2, "big") + mask + payload
    return bytes([first, 0x80 | 127]) + length.to_bytes(8, "big") + mask + payload


class Wire:
    """An open websocket to a server.

    Attributes:
        connection: the websocket.
        heard: everything that the server said so far.
    """

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.heard: list[ServerMessage] = []
        self._unread: list[ServerMessage] = []
        self._is_new = True

    async def say(self, *messages: ClientMessage | Caller) -> None:
        """Send messages; for a caller, its hello, and its proof if it is challenged."""
        for message in messages:
            if not isinstance(message, Caller):
                await self.connection.send(encode(message, limit=64 * MIB))
            elif self._is_new:
                await self.shake_hands(message)
            else:
                await self.connection.send(encode(message.hello(), limit=64 * MIB))

    async def shake_hands(self, caller: Caller, hello: bytes | None = None) -> None:
        """Send a hello and the proof; the server's answer to the latter is heard later.

        Args:
            caller: who we are.
            hello: another frame than the caller's own.
        """
        self._is_new = False
        frame = hello or encode(caller.hello(), limit=64 * MIB)
        await self.connection.send(frame)
        with suppress(ConnectionClosed):
            async with asyncio.timeout(SECONDS):
                answer = await self.next()
            if isinstance(answer, Challenge):
                await self.connection.send(encode(caller.prove(frame, answer)))
            else:
                self._unread.append(answer)

    async def send(self, frame: bytes | str) -> None:
        """Send whatever as one message."""
        await self.connection.send(frame)

    def put(self, data: bytes) -> None:
        """Send bytes behind the websocket library's back."""
        self.connection.transport.write(data)

    async def next(self) -> ServerMessage:
        """Wait for whatever the server says next."""
        if self._unread:
            return self._unread.pop()
        frame = await self.connection.recv()
        assert isinstance(frame, bytes)
        self.heard.append(decode_from_server(frame))
        return self.heard[-1]

    async def hear(self, kind: type[_Message]) -> _Message:
        """Wait until the server says something of a kind."""
        async with asyncio.timeout(SECONDS):
            while True:
                message = await self.next()
                if isinstance(message, kind):
                    return message

    async def enter(self, hello: Caller) -> Welcome:
        """Be welcomed."""
        await self.say(hello)
        return await self.hear(Welcome)

    async def refusal(self, hello: Caller) -> Refused:
        """Be refused, and see the connection end."""
        await self.say(hello)
        refused = await self.hear(Refused)
        assert await self.end() == 1008
        return refused

    async def end(self) -> int:
        """Wait until the server has closed the connection; tell the close code."""
        async with asyncio.timeout(SECONDS):
            with suppress(ConnectionClosed):
                while True:
                    await self.next()
            await self.connection.wait_closed()
        assert self.connection.close_code is not None
        return self.connection.close_code

    async def is_alive(self) -> bool:
        """Tell whether the server still answers."""
        async with asyncio.timeout(SECONDS):
            try:
                await (await self.connection.ping())
            except ConnectionClosed:
                return False
        return True

    def of(self, kind: type[_Message]) -> list[_Message]:
        """What was heard of one kind."""
        return [message for message in self.heard if isinstance(message, kind)]

    @property
    def fault(self) -> Fault:
        """What was last said to be wrong."""
        return self.of(Fault)[-1]


@asynccontextmanager
async def wire_to(
    server: RunningServer, *, origin: str | None = None, source: str | None = None
) -> AsyncGenerator[Wire, None]:
    """Open a websocket while the block lasts; nothing was said yet.

    Args:
        server: to whom.
        origin: the web page that asks for it, if one does.
        source: the address that it comes from; any by default.
    """
    async with connect(
        f"ws://127.0.0.1:{port_of(server.app)}",
        local_addr=(source, 0) if source else None,
        origin=None if origin is None else Origin(origin),
        proxy=None,
        compression=None,
        max_size=None,
        ping_interval=None,
        close_timeout=1.0,
    ) as connection:
        yield Wire(connection)


@asynccontextmanager
async def member_of(
    server: RunningServer, *, role: Role = Role.EDITOR, name: str = "ana", room: str = ROOM
) -> AsyncGenerator[Wire, None]:
    """Be a member of a room while the block lasts."""
    async with wire_to(server) as wire:
        await wire.enter(hello_to(server, role=role, name=name, room=room))
        yield wire


@dataclass(frozen=True, slots=True)
class Answer:
    """What the port said to plain HTTP; status 0 when it said nothing."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def figures(self) -> dict[str, object]:
        """The JSON in it."""
        figures: dict[str, object] = json.loads(self.body)
        return figures


def clients_of(server: RunningServer) -> Mapping[str, Any]:
    """The figures of a server's clients in /stats."""
    return cast("Mapping[str, Any]", server.app.stats()["clients"])


def port_of(app: App) -> int:
    """Where a server listens."""
    return int(app.address.rpartition(":")[2])


@asynccontextmanager
async def socket_to(
    server: RunningServer,
) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter], None]:
    """Open a TCP connection while the block lasts; nothing was said yet."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port_of(server.app))
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def ask(server: RunningServer, request: bytes) -> Answer:
    """Send bytes to the port, and read what it says: all of it, unless it becomes a websocket."""
    async with asyncio.timeout(SECONDS), socket_to(server) as (reader, writer):
        writer.write(request)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return Answer(0, {}, b"")
        lines = head.decode().strip().split("\r\n")
        status = int(lines[0].split()[1])
        body = b"" if status == 101 else await reader.read()
    pairs = (line.partition(": ") for line in lines[1:])
    return Answer(status, {name.lower(): value for name, _, value in pairs}, body)


async def get(
    server: RunningServer,
    path: str,
    *,
    method: str = "GET",
    host: str | None = None,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
) -> Answer:
    """Ask for a page.

    Args:
        server: whom.
        path: of the page.
        method: how.
        host: the Host header; the server's address by default.
        headers: more of them.
        body: what follows them.
    """
    shown = server.app.address.partition("://")[2] if host is None else host
    lines = [f"{method} {path} HTTP/1.1", f"Host: {shown}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return await ask(server, "\r\n".join([*lines, "", ""]).encode() + body)
