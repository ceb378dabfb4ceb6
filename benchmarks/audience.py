"""Many members who only read, in a process of their own for benchmarks: raw websockets, no model.

    python -m benchmarks.audience [--plain] [--record FILE] COUNT LINK… < /dev/null

The members are spread over the links. Prints `{"here": COUNT}` when all are in, then five times
a second what they have read. With --plain no hello is said: the other end is no CodeSync server.
With --record the first member's frames are written to a file, each behind its length (4 bytes).
"""

import argparse
import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import websockets
from websockets.asyncio.client import ClientConnection

from benchmarks.raw_members import ask_for_entry
from codesync_protocol.links import Link

HANDSHAKES_AT_ONCE = 20


class Audience:
    """What all members have read.

    Attributes:
        frames: how many frames.
        bytes: how many bytes in them.
    """

    def __init__(self) -> None:
        self.frames = 0
        self.bytes = 0
        self._door = asyncio.Semaphore(HANDSHAKES_AT_ONCE)

    async def enter(self, link: Link, *, plain: bool) -> ClientConnection:
        """Let one member in."""
        async with self._door:
            websocket = await websockets.connect(
                link.server, compression=None, max_size=None, ping_interval=None, open_timeout=60
            )
            if not plain:
                await ask_for_entry(websocket, link, "reader")
                await websocket.recv()
            return websocket

    async def read(
        self, websocket: ClientConnection, record: Callable[[bytes], None] | None
    ) -> None:
        """Read for one member."""
        async for frame in websocket:
            assert isinstance(frame, bytes)
            self.frames += 1
            self.bytes += len(frame)
            if record:
                record(frame)


async def main() -> None:
    """Be the audience until killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--record", type=Path)
    parser.add_argument("count", type=int)
    parser.add_argument("links", nargs="+")
    args = parser.parse_args()
    audience = Audience()
    links = [Link.parse(text) for text in args.links]
    entering = (
        audience.enter(links[number % len(links)], plain=args.plain) for number in range(args.count)
    )
    members = await asyncio.gather(*entering)
    print(json.dumps({"here": len(members)}), flush=True)
    file = args.record.open("wb") if args.record else None

    def record(frame: bytes) -> None:
        assert file
        file.write(len(frame).to_bytes(4, "big") + frame)
        file.flush()

    async with asyncio.TaskGroup() as tasks:
        for number, member in enumerate(members):
            tasks.create_task(audience.read(member, record if file and not number else None))
        while True:
            await asyncio.sleep(0.2)
            print(json.dumps({"frames": audience.frames, "bytes": audience.bytes}), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
