"""Abuse by requests of members."""

import asyncio

from benchmarks.abusers.abuse import Abuse
from benchmarks.abusers.crowd import crowd
from codesync_client import Room
from codesync_protocol.links import Link
from codesync_protocol.messages import Role

SEARCHED_ROOM = "abuse-searches"
"""The room whose stored jobs are searched."""

ROLES_PER_SECOND = 250


async def _searches(abuse: Abuse, link: Link, members: int) -> None:
    for _ in range(members):
        room = await abuse.room(link)

        async def ask(room: Room = room) -> None:
            await room.past.page(text="no job has this", limit=100)
            abuse.count("pages")

        abuse.forever(ask)


async def history_queries(abuse: Abuse) -> None:
    """Four members with one link search the past jobs of their room without a pause."""
    await _searches(abuse, abuse.link("abuse-history"), 4)


async def searches(abuse: Abuse) -> None:
    """Six members with one link search a room with 30,000 past jobs without a pause."""
    await _searches(abuse, abuse.link(SEARCHED_ROOM), 6)


async def roles(abuse: Abuse) -> None:
    """The host of a crowded room changes the role of a member 250 times per second."""
    await crowd(abuse, "abuse-roles", abuse.viewers)
    member = await abuse.room(abuse.link("abuse-roles"))
    host = await abuse.room(abuse.link("abuse-roles", Role.HOST))

    async def switch() -> None:
        for role in (Role.VIEWER, Role.EDITOR):
            host.set_role(member.welcome.member, role)
            abuse.count("roles")
            await asyncio.sleep(1 / ROLES_PER_SECOND)

    abuse.forever(switch)
