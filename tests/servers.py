"""Real servers for tests, on a free port with a real executor."""

import asyncio
import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from codesync_client import DialOptions, Room
from codesync_protocol.links import Link
from codesync_protocol.messages import Role
from codesync_server.app import App
from codesync_server.configuration.settings import Settings
from codesync_server.store.choice import MEMORY

START_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server of the test's own.

    Attributes:
        app: the server.
        stop: ends it when set.
    """

    app: App
    stop: asyncio.Event

    def link(self, room: str = "test-room", role: Role = Role.EDITOR) -> Link:
        """A link into a room."""
        return self.app.link(room, role)

    def room(
        self,
        name: str = "ana",
        *,
        room: str = "test-room",
        role: Role = Role.EDITOR,
        shares_text: bool = False,
    ) -> Room:
        """A member of a room, not entered yet."""
        return Room(
            self.link(room, role),
            name=name,
            options=DialOptions(),
            agent="test",
            shares_text=shares_text,
        )


@asynccontextmanager
async def running_server(
    settings: Settings | None = None, token: str = ""
) -> AsyncGenerator[RunningServer, None]:
    """Run a server while the block lasts.

    Args:
        settings: by default the local executor on a free port.
        token: the server's token; by default a new one.
    """
    chosen = settings or Settings(port=0, executor="local", drain_seconds=1.0)
    if chosen.store == Settings().store:
        chosen = replace(chosen, store=MEMORY)  # not that of whoever runs the tests
    app = await App.build(chosen, token or secrets.token_urlsafe(32), print)
    stop, ready = asyncio.Event(), asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(app.run(ready.set, stop))
        async with asyncio.timeout(START_SECONDS):
            await ready.wait()
        try:
            yield RunningServer(app, stop)
        finally:
            stop.set()
