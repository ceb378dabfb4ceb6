"""The load of the soak in a separate process: rooms with all kinds of activity, without end.

    python -m benchmarks.soak_load SERVER TOKEN ROOMS < /dev/null

In each room a typist edits, a member submits and cancels programs and uploads large inputs, a
program with a terminal receives input, visitors come and leave, and connections break during their
handshake. Prints the count of each action once per second.
"""

import argparse
import asyncio
import json
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from codesync_client import Room, Submission
from codesync_client.errors import ClientError
from codesync_protocol.links import Link
from codesync_protocol.messages import Finished, Role, StdinMode
from codesync_protocol.shared_text import SOURCE
from codesync_server.access.invites import InviteSigner

HELLO = b"print('hello')\n"
LINES = b"for n in range(2000): print(n, 'x' * 60)\n"
ECHO = b"while True: print('you said', input('? '))\n"
READ = b"import sys; print(len(sys.stdin.buffer.read()))\n"
TEXT_MAX = 20_000
JOB_SECONDS = 120.0


class RoomLoad:
    """All activity in one room.

    Args:
        link: a link to the room for editors.
        done: the count of each action.
        pace: mean seconds between two actions of each member.
    """

    def __init__(self, link: Link, done: Counter[str], pace: float) -> None:
        self._link = link
        self._done = done
        self._pace = pace

    async def run(self) -> None:
        """Run until cancelled."""
        async with AsyncExitStack() as stack, asyncio.TaskGroup() as tasks:
            typist = await stack.enter_async_context(
                Room(self._link, name="typist", shares_text=True)
            )
            runner = await stack.enter_async_context(Room(self._link, name="runner"))
            talker = await stack.enter_async_context(Room(self._link, name="talker"))
            ended: dict[str, asyncio.Event] = {}
            tasks.create_task(_read(typist, {}))
            tasks.create_task(_read(runner, ended))
            tasks.create_task(_read(talker, ended))
            await typist.text_settled()
            tasks.create_task(self._repeat("edits", 0.2, lambda: self._edit(typist)))
            tasks.create_task(self._repeat("jobs", 3, lambda: self._run(runner, ended)))
            tasks.create_task(self._repeat("cancelled", 8, lambda: self._cancel(runner)))
            tasks.create_task(self._repeat("uploads", 10, lambda: self._upload(runner, ended)))
            tasks.create_task(self._repeat("terminals", 5, lambda: self._talk(talker, ended)))
            tasks.create_task(self._repeat("visits", 2, self._visit))
            tasks.create_task(self._repeat("cuts", 3, self._cut))

    async def _repeat(self, what: str, every: float, act: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(random.uniform(0.5, 1.5) * every * self._pace)
            try:
                await act()
                self._done[what] += 1
            except (ClientError, OSError, TimeoutError):
                self._done["refused"] += 1

    async def _edit(self, room: Room) -> None:
        size = len(room.document.text().encode())
        removed = size if size > TEXT_MAX else 0
        room.document.edit(SOURCE, 0, removed, "letter ")
        await room.text_settled()

    async def _finish(self, room: Room, ended: dict[str, asyncio.Event], work: Submission) -> None:
        over = ended[work.job] = asyncio.Event()
        try:
            await room.submit(work)
            async with asyncio.timeout(JOB_SECONDS):
                await over.wait()
        finally:
            del ended[work.job]

    async def _run(self, room: Room, ended: dict[str, asyncio.Event]) -> None:
        source = random.choice((HELLO, LINES))
        await self._finish(room, ended, Submission("python", [("main.py", source)]))

    async def _cancel(self, room: Room) -> None:
        work = Submission("python", [("main.py", HELLO)])
        await room.submit(work)
        room.cancel(work.job)

    async def _upload(self, room: Room, ended: dict[str, asyncio.Event]) -> None:
        data = random.randbytes(256 * 1024)
        work = Submission("python", [("main.py", READ)], prepared_stdin=data)
        await self._finish(room, ended, work)

    async def _talk(self, room: Room, ended: dict[str, asyncio.Event]) -> None:
        work = Submission("python", [("main.py", ECHO)], tty=True, stdin=StdinMode.SHARED)
        over = ended[work.job] = asyncio.Event()
        try:
            await room.submit(work)
            for _ in range(3):
                await room.send_stdin(work.job, b"hello\n")
                await asyncio.sleep(1.0)
            room.end_stdin(work.job)
            async with asyncio.timeout(JOB_SECONDS):
                await over.wait()
        finally:
            del ended[work.job]

    async def _visit(self) -> None:
        async with Room(self._link, name="visitor", shares_text=True) as room:
            await room.text_settled()

    async def _cut(self) -> None:
        host, _, port = self._link.server.removeprefix("ws://").rpartition(":")
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: webs")
        await asyncio.sleep(0.1)
        writer.transport.abort()


async def _read(room: Room, ended: dict[str, asyncio.Event]) -> None:
    async for event in room.events():
        if isinstance(event, Finished) and (over := ended.get(event.job)):
            over.set()


async def main() -> None:
    """Load the server until killed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("server")
    parser.add_argument("token")
    parser.add_argument("rooms", type=int)
    args = parser.parse_args()
    invites, done = InviteSigner(args.token), Counter[str]()
    async with asyncio.TaskGroup() as tasks:
        for number in range(args.rooms):
            name = f"soak-{number}"
            link = Link(args.server, name, invites.invite(name, Role.EDITOR))
            tasks.create_task(RoomLoad(link, done, pace=1.0).run())
        while True:
            await asyncio.sleep(1.0)
            print(json.dumps(done), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
