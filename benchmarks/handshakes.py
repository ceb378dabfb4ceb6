"""Measures how many members can enter per second, and the cost of the protocol's handshake.

    python -m benchmarks.handshakes [--json] [--count 500] [--rooms 20] [--at-once 50]

Each client opens a websocket, proves its identity, waits for its welcome and leaves. The baseline
is the websocket library alone, also in a separate process: the opening handshake, one frame in
each direction, and the end. Both are measured alternately in one run; `ratio` is the rate of the
baseline divided by that of CodeSync. The server's rate limits are raised; all clients have one
address.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from statistics import median

if not __package__:  # run as a file: what it imports lies beside its folder
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from benchmarks.figures import machine, show
from benchmarks.processes import cpu_seconds, teller
from benchmarks.raw_members import ask_for_entry
from benchmarks.server_process import server_process
from codesync_protocol.codec import decode_from_server
from codesync_protocol.links import Link
from codesync_protocol.messages import Welcome

ROUNDS = 3
UNLIMITED = (
    "--executor=local",
    "--set=handshakes_per_second=100000",
    "--set=joins_per_second=100000",
)

Visit = Callable[[int], Awaitable[None]]


async def visit_server(links: Sequence[Link], number: int) -> None:
    """Enter a room and leave."""
    link = links[number % len(links)]
    async with connect(link.server, proxy=None, compression=None) as websocket:
        await ask_for_entry(websocket, link, f"member-{number}")
        welcome = decode_from_server(await websocket.recv())
        assert isinstance(welcome, Welcome), welcome


async def visit_baseline(address: str, number: int) -> None:
    """Open a websocket, exchange a frame, and leave."""
    async with connect(address, proxy=None, compression=None) as websocket:
        await websocket.send(number.to_bytes(4, "big"))
        await websocket.recv()


async def rate(visit: Visit, count: int, at_once: int) -> float:
    """Make visits, some at the same time; return the number per second."""
    few = asyncio.Semaphore(at_once)

    async def one(number: int) -> None:
        async with few:
            await visit(number)

    began = time.monotonic()
    async with asyncio.TaskGroup() as tasks:
        for number in range(count):
            tasks.create_task(one(number))
    return count / (time.monotonic() - began)


async def measure(count: int, rooms: int, at_once: int) -> dict[str, object]:
    """Measure."""
    ours: list[float] = []
    baseline: list[float] = []
    cost: list[float] = []
    async with (
        server_process(*UNLIMITED) as server,
        teller("benchmarks.handshakes", "--serve-baseline") as library,
    ):
        address = str((await library.next())["address"])
        links = [server.link(f"room-{number}") for number in range(rooms)]
        await rate(lambda number: visit_server(links, number), rooms, at_once)  # rooms are made
        for _ in range(ROUNDS):
            used = cpu_seconds(server.pid)
            ours.append(await rate(lambda number: visit_server(links, number), count, at_once))
            cost.append((cpu_seconds(server.pid) - used) * 1000 / count)
            baseline.append(
                await rate(lambda number: visit_baseline(address, number), count, at_once)
            )
    return {
        "count": count,
        "rooms": rooms,
        "handshakes_per_second": round(median(ours), 1),
        "baseline_per_second": round(median(baseline), 1),
        "ratio": round(median(baseline) / median(ours), 2),
        "server_cpu_ms_per_handshake": round(median(cost), 2),
        **machine(),
    }


async def serve_baseline() -> None:
    """Answer one frame of each client, until the process is ended."""

    async def answer(client: ServerConnection) -> None:
        await client.send(await client.recv())
        await client.wait_closed()

    async with serve(answer, "127.0.0.1", 0, compression=None, ping_interval=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        print(json.dumps({"address": f"ws://127.0.0.1:{port}"}), flush=True)
        await asyncio.Event().wait()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--count", type=int, default=500, help="handshakes in each round")
    parser.add_argument("--rooms", type=int, default=20)
    parser.add_argument("--at-once", type=int, default=50)
    parser.add_argument("--serve-baseline", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.serve_baseline:
        asyncio.run(serve_baseline())
        return
    show(asyncio.run(measure(args.count, args.rooms, args.at_once)), as_json=args.json)


if __name__ == "__main__":
    main()
