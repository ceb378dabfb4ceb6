"""Abuse by websocket frames that no client sends."""

import asyncio

from websockets.asyncio.client import ClientConnection, connect
from websockets.frames import Frame, Opcode

from benchmarks.abusers.abuse import Abuse
from benchmarks.raw_members import enter

FRAGMENTS = 5_000
CONNECTIONS = 10
"""Connections at the same time, of each kind."""

END_SECONDS = 10.0
"""An abuser whose connection is still open after this time begins again."""

BROKEN_FRAME = b"\xff" * 14
"""Its reserved bits are set, and its length is negative."""

MEGABYTE = bytes(1024 * 1024)
MEGABYTES = 64

UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


def message_in_fragments(count: int) -> bytes:
    """Return the frames of one message, each with 1 byte."""
    first = Frame(Opcode.BINARY, b"x", fin=False).serialize(mask=True)
    other = Frame(Opcode.CONT, b"x", fin=False).serialize(mask=True)
    last = Frame(Opcode.CONT, b"x").serialize(mask=True)
    return first + other * (count - 2) + last


async def fragments(abuse: Abuse) -> None:
    """Ten members and ten strangers send messages in 5,000 fragments of 1 byte."""
    link = abuse.link("abuse-fragments")
    message = message_in_fragments(FRAGMENTS)

    async def send(websocket: ClientConnection) -> None:
        websocket.transport.write(message)
        abuse.count("messages")
        async with asyncio.timeout(END_SECONDS):
            await websocket.wait_closed()

    async def send_as_stranger() -> None:
        async with connect(abuse.server, proxy=None, compression=None) as websocket:
            await send(websocket)

    async def send_as_member() -> None:
        async with connect(abuse.server, proxy=None, compression=None) as websocket:
            await enter(websocket, link, "mallory")
            await send(websocket)

    for _ in range(CONNECTIONS):
        abuse.forever(send_as_stranger)
        abuse.forever(send_as_member)


async def bytes_after_a_broken_frame(abuse: Abuse) -> None:
    """Ten strangers send a broken frame, and then megabytes until they are disconnected."""

    async def send() -> None:
        reader, writer = await asyncio.open_connection(*abuse.host_and_port)
        try:
            writer.write(UPGRADE)
            await reader.readuntil(b"\r\n\r\n")
            writer.write(BROKEN_FRAME)
            abuse.count("broken_frames")
            async with asyncio.timeout(END_SECONDS):
                for _ in range(MEGABYTES):
                    writer.write(MEGABYTE)
                    await writer.drain()
                    abuse.count("megabytes")
        except asyncio.IncompleteReadError:
            abuse.count("refused")
        finally:
            writer.transport.abort()

    for _ in range(CONNECTIONS):
        abuse.forever(send)
