"""Abuse by strangers and members who connect."""

import asyncio
import itertools
import secrets
import socket
import struct

from benchmarks.abusers.abuse import INNOCENT_ROOM, Abuse
from codesync_client import Room
from codesync_protocol.links import Link

CLOSED_AT_ONCE = 500
ADDRESSES = 250
ACCEPTING_SECONDS = 0.05
"""Time in which the server accepts some of the connections."""

_RESET = struct.pack("ii", 1, 0)  # linger on, for 0 s: close sends RST


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

    async def sit() -> None:
        reader, writer = await asyncio.open_connection(*abuse.host_and_port)
        abuse.count("opened")
        try:
            await reader.read()
        finally:
            writer.transport.abort()
        await asyncio.sleep(0.05)

    for _ in range(3_000):
        abuse.forever(sit)


async def stats_requests(abuse: Abuse) -> None:
    """Twenty strangers request /stats and /health by turns, as fast as they can."""
    paths = itertools.cycle((b"/stats", b"/health"))

    async def request() -> None:
        reader, writer = await asyncio.open_connection(*abuse.host_and_port)
        try:
            writer.write(b"GET %b HTTP/1.1\r\nHost: localhost\r\n\r\n" % next(paths))
            status = await reader.readline()
            abuse.count("answers" if b" 200 " in status else "refused")
        finally:
            writer.transport.abort()

    for _ in range(20):
        abuse.forever(request)


async def closed_connections(abuse: Abuse) -> None:
    """Strangers with 250 addresses connect, and close or reset 500 connections at once."""
    hosts = itertools.cycle(f"127.0.0.{number}" for number in range(2, 2 + ADDRESSES))

    async def connect_and_close() -> None:
        opened = [_connecting(next(hosts), abuse.host_and_port) for _ in range(CLOSED_AT_ONCE)]
        try:
            await asyncio.sleep(ACCEPTING_SECONDS)
        finally:
            for number, sock in enumerate(opened):
                if number % 2:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                sock.close()
                abuse.count("closed")

    abuse.forever(connect_and_close)


def _connecting(host: str, server: tuple[str, int]) -> socket.socket:
    sock = socket.socket()
    sock.setblocking(False)
    sock.bind((host, 0))
    sock.connect_ex(server)
    return sock
