"""Entering a room for its text, by a command without a screen."""

import argparse
import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from codesync_cli.target_room import target
from codesync_cli.version import AGENT
from codesync_client import Offline, Room
from codesync_protocol.links import Link

SECONDS = 60.0
"""How long a text may take to come or to go."""


@asynccontextmanager
async def room_with_text(link: Link, args: argparse.Namespace) -> AsyncGenerator[Room]:
    """Enter a room and wait for its text.

    Args:
        link: which one.
        args: the arguments of `target.add_connection_arguments`.

    Raises:
        ClientError: it cannot be entered, or its text does not come.
    """
    async with Room(
        link,
        name=target.name(args),
        options=target.options(args),
        agent=AGENT,
        shares_text=True,
    ) as room:
        await wait_until_synced(room)
        yield room


async def wait_until_synced(room: Room) -> None:
    """Wait until the room's text is here and ours is there.

    Raises:
        Offline: it took too long.
    """
    try:
        async with asyncio.timeout(SECONDS):
            await room.text_settled()
    except TimeoutError:
        raise Offline("the room's text does not come", "look at the connection") from None


def conflict_reason(file: Path, base: str | None, so: str) -> str:
    """Say why a file and a room's text cannot be merged.

    Args:
        file: the file.
        base: what both had in common.
        so: what did not happen.
    """
    if base is not None:
        return f"{file} and the room changed the same lines; {so}"
    return f"{file} was never pulled or pushed since the room has the text that it has; {so}"
