"""Many members who only read, as raw websockets in a separate process for benchmarks.

    python -m benchmarks.audience [--plain] [--record FILE] COUNT LINK… < /dev/null

The members are distributed over the links. Prints `{"here": COUNT}` when all have entered, then
five times per second how much they have read. --plain skips the handshake, for a server that is
not CodeSync. --record writes the frames of the first member to a file, each after its length (4
bytes).
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
    """Counts the data that all members have read.

    Attributes:
        frames: number of frames.
        bytes: number of bytes in them.
    """

    def __init__(self) -> None:
        self.frames = 0
        self.bytes = 0
        self._door = asyncio.Semaphore(HANDSHAKES_AT_ONCE)

    async def enter(self, link: Link, *, plain: bool) -> ClientConnection:
        """Enter as one member."""
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
    """Read until killed."""
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
