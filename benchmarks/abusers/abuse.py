"""The abusers of one server: their connections, their tasks, and the count of their actions."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from websockets.exceptions import WebSocketException

from codesync_client import Room, Submission
from codesync_client.errors import ClientError
from codesync_protocol.links import Link
from codesync_protocol.messages import Role
from codesync_server.access.invites import InviteSigner

ADDRESS = "127.0.0.2"

INNOCENT_ROOM = "benchmark"
"""The room of the measured member."""

PAUSE_SECONDS = 0.2
"""Seconds between two attempts of a refused abuser."""

VIEWERS = 200
"""Viewers in a crowded room."""


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
        viewers: the number of viewers in a crowded room.
    """

    server: str
    invites: InviteSigner
    stack: AsyncExitStack
    tasks: asyncio.TaskGroup
    done: dict[str, int] = field(default_factory=dict[str, int])
    viewers: int = VIEWERS

    @property
    def host_and_port(self) -> tuple[str, int]:
        """The server's address for TCP connections."""
        host, _, port = self.server.removeprefix("ws://").rpartition(":")
        return host, int(port)

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
                except (ClientError, WebSocketException, OSError, TimeoutError):
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
