"""Members and strangers who abuse a server, in a separate process for benchmarks.

    python -m benchmarks.abusers CASE SERVER TOKEN < /dev/null

Connects from 127.0.0.2, so that the server sees another address than that of the measured member.
Prints `{"ready": true}` when the abuse has begun, then counts of its actions once per second, until
it is killed. CASES names the kinds of abuse.
"""

import argparse
import asyncio
import json
import os
import secrets
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from typing import Any

from codesync_client import Room, Submission
from codesync_client.errors import ClientError
from codesync_protocol.links import Link
from codesync_protocol.messages import Role
from codesync_protocol.shared_text import SOURCE
from codesync_server.access.invites import InviteSigner

ADDRESS = "127.0.0.2"
NICE = 15
"""Low priority, because abusers have their own machines in reality."""

INNOCENT_ROOM = "benchmark"
"""The room of the measured member."""

EDITS_PER_SECOND = 700
PAUSE_SECONDS = 0.2
"""Seconds between two attempts of a refused abuser."""

SPIN = b"while True: pass\n"
FLOOD = b"import os\nwhile True: os.write(1, b'x' * 65536)\n"
QUICK = b"print('hello')\n"
SLEEPER = b"import time\nwhile True:\n    print('.', flush=True)\n    time.sleep(20)\n"


class AwayLoop(asyncio.SelectorEventLoop):
    """An event loop whose connections come from ADDRESS."""

    async def create_connection(self, *args: Any, **kwargs: Any) -> Any:
        """Connect, from ADDRESS unless the caller chose another."""
        kwargs.setdefault("local_addr", (ADDRESS, 0))
        return await super().create_connection(*args, **kwargs)


@dataclass
class Abuse:
    """One kind of abuse against one server.

    Attributes:
        server: the server's address.
        invites: makes links into rooms; an abuser has an editor's link, never the token.
        stack: keeps connections open during the abuse.
        tasks: the abusers.
        done: the count of each action.
    """

    server: str
    invites: InviteSigner
    stack: AsyncExitStack
    tasks: asyncio.TaskGroup
    done: dict[str, int] = field(default_factory=dict[str, int])

    def link(self, room: str, role: Role = Role.EDITOR) -> Link:
        """Make a new link into a room."""
        return Link(self.server, room, self.invites.invite(room, role))

    def count(self, what: str) -> None:
        """Count an action."""
        self.done[what] = self.done.get(what, 0) + 1

    async def room(self, link: Link, *, shares_text: bool = False) -> Room:
        """Enter a room as a new member, and read all events."""
        room = await self.stack.enter_async_context(
            Room(link, name="mallory", shares_text=shares_text)
        )
        self.tasks.create_task(self._read(room))
        return room

    @staticmethod
    async def _read(room: Room) -> None:
        async for _ in room.events():
            pass

    def forever(self, act: Callable[[], Awaitable[None]]) -> None:
        """Repeat an action, with a pause after each refusal."""

        async def repeat() -> None:
            while True:
                try:
                    await act()
                except (ClientError, OSError, TimeoutError):
                    self.count("refused")
                    await asyncio.sleep(PAUSE_SECONDS)
                await asyncio.sleep(0)

        self.tasks.create_task(repeat())

    def submit_forever(self, room: Room, source: bytes, *, tty: bool = False) -> None:
        """Submit a program again as soon as the last submission was answered."""

        async def submit() -> None:
            await room.submit(Submission("python", [("main.py", source)], tty=tty))
            self.count("submitted")
            await asyncio.sleep(PAUSE_SECONDS)

        self.forever(submit)


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


async def history_queries(abuse: Abuse) -> None:
    """Four members with one link search the past jobs of their room without a pause."""
    link = abuse.link("abuse-history")
    for _ in range(4):
        room = await abuse.room(link)

        async def ask(room: Room = room) -> None:
            await room.past.page(text="no job has this", limit=100)
            abuse.count("pages")

        abuse.forever(ask)


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


async def output_floods(abuse: Abuse) -> None:
    """Six members with one link run programs that write without end."""
    link = abuse.link("abuse-floods")
    for _ in range(6):
        abuse.submit_forever(await abuse.room(link), FLOOD)


async def quick_programs(abuse: Abuse) -> None:
    """Six members with one link run programs that end at once."""
    link = abuse.link("abuse-quick")
    for _ in range(6):
        abuse.submit_forever(await abuse.room(link), QUICK)


async def sleepers_of_one_member(abuse: Abuse) -> None:
    """One member keeps five terminal programs that sleep."""
    room = await abuse.room(abuse.link("abuse-sleepers"))
    for _ in range(5):
        abuse.submit_forever(room, SLEEPER, tty=True)


async def slow_terminals_in_two_rooms(abuse: Abuse) -> None:
    """Two rooms with two terminal programs each that print a dot every 20 s."""
    for name in ("abuse-slow-1", "abuse-slow-2"):
        link = abuse.link(name)
        for _ in range(2):
            abuse.submit_forever(await abuse.room(link), SLEEPER, tty=True)


async def thirty_keys(abuse: Abuse) -> None:
    """Thirty clients with one link keep the queue full of programs that compute."""
    link = abuse.link("abuse-keys")
    for _ in range(30):
        abuse.submit_forever(await abuse.room(link), SPIN)


CASES: dict[str, Callable[[Abuse], Awaitable[None]]] = {
    case.__name__: case
    for case in (
        edits_in_the_same_room,
        edits_in_another_room,
        expensive_edits,
        reconnects,
        wrong_tokens,
        history_queries,
        silent_sockets,
        output_floods,
        quick_programs,
        sleepers_of_one_member,
        slow_terminals_in_two_rooms,
        thirty_keys,
    )
}
"""The kinds of abuse, by name."""


async def main() -> None:
    """Abuse the server until killed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("case", choices=CASES)
    parser.add_argument("server")
    parser.add_argument("token")
    args = parser.parse_args()
    os.nice(NICE)
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as tasks:
        abuse = Abuse(args.server, InviteSigner(args.token), stack, tasks)
        with suppress(ClientError):
            await CASES[args.case](abuse)
        print(json.dumps({"ready": True}), flush=True)
        while True:
            await asyncio.sleep(1.0)
            print(json.dumps(abuse.done), flush=True)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=AwayLoop) as runner:
        runner.run(main())
