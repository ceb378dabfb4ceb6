"""Abuse by requests of members."""

from benchmarks.abusers.abuse import Abuse
from codesync_client import Room


async def history_queries(abuse: Abuse) -> None:
    """Four members with one link search the past jobs of their room without a pause."""
    link = abuse.link("abuse-history")
    for _ in range(4):
        room = await abuse.room(link)

        async def ask(room: Room = room) -> None:
            await room.past.page(text="no job has this", limit=100)
            abuse.count("pages")

        abuse.forever(ask)
