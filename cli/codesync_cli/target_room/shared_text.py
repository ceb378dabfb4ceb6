"""Enters a room for its text, for commands without a screen."""

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
"""Time limit for receiving or sending a text."""


@asynccontextmanager
async def room_with_text(link: Link, args: argparse.Namespace) -> AsyncGenerator[Room]:
    """Enter a room and wait for its text.

    Args:
        link: the link of the room.
        args: the arguments of `target.add_connection_arguments`.

    Raises:
        ClientError: the room cannot be entered, or its text does not arrive.
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
    """Wait until the text has arrived and the server has all own edits.

    Raises:
        Offline: it took too long.
    """
    try:
        async with asyncio.timeout(SECONDS):
            await room.text_settled()
    except TimeoutError:
        raise Offline("the room's text did not arrive", "check the connection") from None


def conflict_reason(file: Path, base: str | None, so: str) -> str:
    """Return the reason why a file and a room's text cannot be merged.

    Args:
        file: the file.
        base: the common base.
        so: a phrase for the consequence.
    """
    if base is not None:
        return f"{file} and the room changed the same lines; {so}"
    return f"{file} was never pulled or pushed since the room has the text that it has; {so}"
