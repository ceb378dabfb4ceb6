"""A crowd: many viewers of one room, as raw websockets, because they only read."""

import asyncio

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from benchmarks.abusers.abuse import PAUSE_SECONDS, Abuse
from benchmarks.raw_members import enter
from codesync_client.errors import ClientError
from codesync_protocol.links import Link
from codesync_protocol.messages import Role

ENTRIES_AT_ONCE = 20


async def crowd(abuse: Abuse, room: str, count: int) -> list[ClientConnection]:
    """Let viewers with one link enter a room, and read all that they receive."""
    link = abuse.link(room, Role.VIEWER)
    door = asyncio.Semaphore(ENTRIES_AT_ONCE)

    async def come(number: int) -> ClientConnection:
        async with door:
            while True:
                try:
                    return await _viewer(abuse, link, f"viewer-{number}")
                except (ClientError, WebSocketException, OSError, TimeoutError):
                    abuse.count("refused")  # e.g. by the limit on joins
                    await asyncio.sleep(PAUSE_SECONDS)

    viewers = await asyncio.gather(*map(come, range(count)))
    for viewer in viewers:
        abuse.count("viewers")
        abuse.tasks.create_task(_read(abuse, viewer))
    return viewers


async def _viewer(abuse: Abuse, link: Link, name: str) -> ClientConnection:
    dialing = connect(link.server, proxy=None, compression=None, max_size=None, ping_interval=None)
    websocket = await abuse.stack.enter_async_context(dialing)
    await enter(websocket, link, name)
    return websocket


async def _read(abuse: Abuse, viewer: ClientConnection) -> None:
    try:
        async for _ in viewer:
            pass
    except ConnectionClosed:
        abuse.count("viewers_lost")
