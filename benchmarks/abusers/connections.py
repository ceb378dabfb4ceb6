"""Abuse by strangers and members who connect."""

import asyncio
import secrets

from benchmarks.abusers.abuse import INNOCENT_ROOM, Abuse
from codesync_client import Room
from codesync_protocol.links import Link


async def reconnects(abuse: Abuse) -> None:
    """Twenty clients enter and leave as fast as they can, each time with a new key."""
    link = abuse.link("abuse-reconnects")

    async def enter() -> None:
        async with Room(link, name="mallory"):
            abuse.count("entered")

    for _ in range(20):
        abuse.forever(enter)


async def wrong_tokens(abuse: Abuse) -> None:
    """Twenty strangers try tokens as fast as they can."""

    async def attempt() -> None:
        async with Room(Link(abuse.server, INNOCENT_ROOM, secrets.token_urlsafe(32)), name="m"):
            abuse.count("entered")

    for _ in range(20):
        abuse.forever(attempt)


async def silent_sockets(abuse: Abuse) -> None:
    """Connections that say nothing, opened again as soon as the server closes them."""
    host, _, port = abuse.server.removeprefix("ws://").rpartition(":")

    async def sit() -> None:
        reader, writer = await asyncio.open_connection(host, int(port))
        abuse.count("opened")
        try:
            await reader.read()
        finally:
            writer.transport.abort()
        await asyncio.sleep(0.05)

    for _ in range(3_000):
        abuse.forever(sit)
