"""Hostile and faulty servers that speak the protocol."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from codesync_client import DialOptions, Room
from codesync_protocol.codec import encode
from codesync_protocol.ends import ServerEnd
from codesync_protocol.links import Link
from codesync_protocol.messages import Hello, ServerMessage
from tests.handshakes import challenged

TOKEN = "token"

Behaviour = Callable[["Visit"], Awaitable[None]]


class Visit:
    """One connection to such a server.

    Attributes:
        number: how many there were before.
        hello: what the client said first.
    """

    def __init__(self, connection: ServerConnection, number: int, hello: Hello) -> None:
        self.connection = connection
        self.number = number
        self.hello = hello

    async def say(self, *messages: ServerMessage) -> None:
        """Send messages."""
        for message in messages:
            await self.connection.send(encode(message))

    async def stay(self) -> None:
        """Do nothing more until the client goes."""
        await self.connection.wait_closed()


@asynccontextmanager
async def server_that(
    behaves: Behaviour, *, shares_text: bool = False
) -> AsyncGenerator[Room, None]:
    """Run a server while the block lasts; gives a member of it who has not entered yet.

    Args:
        behaves: what the server does once both ends have proved that they know the token.
        shares_text: whether the member wants the room's text.
    """
    visits = 0

    async def live(connection: ServerConnection) -> None:
        nonlocal visits
        with suppress(ConnectionClosed):
            hello = await challenged(connection, ServerEnd(), TOKEN)
            visits += 1
            await behaves(Visit(connection, visits - 1, hello))

    async with serve(live, "127.0.0.1", 0, compression=None, max_size=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        link = Link(f"ws://127.0.0.1:{port}", "test-room", TOKEN)
        options = DialOptions()
        yield Room(link, name="ana", options=options, agent="test", shares_text=shares_text)
        for connection in server.connections:
            connection.transport.abort()
        await asyncio.sleep(0)
