"""Abuse by edits of the shared text, and by carets."""

import asyncio

from websockets.asyncio.client import ClientConnection

from benchmarks.abusers.abuse import INNOCENT_ROOM, Abuse
from benchmarks.abusers.crowd import crowd
from codesync_protocol.codec import encode
from codesync_protocol.messages import Caret
from codesync_protocol.shared_text import SOURCE

EDITS_PER_SECOND = 700
CARETS_PER_SECOND = 10
"""Of each viewer of a crowd."""


async def _edits(abuse: Abuse, name: str) -> None:
    room = await abuse.room(abuse.link(name), shares_text=True)
    await room.text_settled()

    async def edit() -> None:
        room.document.edit(SOURCE, 0, 0, "m")
        abuse.count("edits")
        await asyncio.sleep(1 / EDITS_PER_SECOND)

    abuse.forever(edit)


async def edits_in_the_same_room(abuse: Abuse) -> None:
    """One member sends 700 edits per second into the room of the measured member."""
    await _edits(abuse, INNOCENT_ROOM)


async def edits_in_another_room(abuse: Abuse) -> None:
    """One member sends 700 edits per second into another room."""
    await _edits(abuse, "abuse-edits")


async def expensive_edits(abuse: Abuse) -> None:
    """One member writes a long text in many pieces, and inserts at all of its lines at once."""
    room = await abuse.room(abuse.link("abuse-costs"), shares_text=True)
    await room.text_settled()
    document = room.document
    document.edit(SOURCE, 0, len(document.text().encode()), "a\n" * 4_000)

    async def insert_everywhere() -> None:
        await room.text_settled()
        size = len(document.text().encode())
        if size > 200_000:
            document.edit(SOURCE, 0, size, "a\n" * 4_000)
            return
        for place in range(size - 2, -1, -size // 2_000 or -1):
            document.edit(SOURCE, place, 0, "b")
        abuse.count("edits")

    abuse.forever(insert_everywhere)


async def carets_of_a_crowd(abuse: Abuse) -> None:
    """Twice as many viewers as in other crowds (400) move their carets all the time."""
    for viewer in await crowd(abuse, "abuse-carets", 2 * abuse.viewers):

        async def move(viewer: ClientConnection = viewer) -> None:
            await viewer.send(encode(Caret(base=0, anchor=0, head=0)))
            abuse.count("carets")
            await asyncio.sleep(1 / CARETS_PER_SECOND)

        abuse.forever(move)
