"""The baseline of the websocket library alone: broadcasts recorded frames.

    python -m benchmarks.plain_broadcast COUNT FILE

Waits for COUNT clients, then broadcasts the frames of FILE (see benchmarks.audience --record) to
all of them, no faster than they read, and prints its cpu seconds.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from websockets.asyncio.server import ServerConnection, broadcast, serve

BUFFERED_MAX = 1024 * 1024
"""Bytes that may wait for one client."""


def frames(file: Path) -> Iterator[bytes]:
    """Read recorded frames."""
    data = file.read_bytes()
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        yield data[at + 4 : at + 4 + size]
        at += 4 + size


async def taken(clients: set[ServerConnection], most: int) -> None:
    """Wait until at most a number of bytes waits for each client."""
    await asyncio.sleep(0)
    while any(client.transport.get_write_buffer_size() > most for client in clients):  # noqa: ASYNC110 - the library tells nobody
        await asyncio.sleep(0.001)


async def main(count: int, file: Path) -> None:
    """Serve, broadcast, print."""
    clients: set[ServerConnection] = set()
    all_here = asyncio.Event()

    async def keep(client: ServerConnection) -> None:
        clients.add(client)
        if len(clients) == count:
            all_here.set()
        await client.wait_closed()

    async with serve(keep, "127.0.0.1", 0, compression=None, ping_interval=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        print(json.dumps({"address": f"ws://127.0.0.1:{port}"}), flush=True)
        await all_here.wait()
        recorded = list(frames(file))
        began, used = time.monotonic(), os.times()
        for frame in recorded:
            broadcast(clients, frame)
            await taken(clients, BUFFERED_MAX)
        await taken(clients, 0)
        now = os.times()
        told = {
            "cpu_seconds": now.user + now.system - used.user - used.system,
            "seconds": time.monotonic() - began,
            "frames": len(recorded),
            "bytes": sum(map(len, recorded)),
        }
        print(json.dumps(told), flush=True)
        await asyncio.sleep(60)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2])))
