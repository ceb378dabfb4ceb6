"""Measures the cost of sending all events to many members of one room.

    python -m benchmarks.fanout [--json] [--members 200] [--typists 10] [--keys 40]

A program writes at full speed while typists type into the room's text and a crowd of raw websockets
reads; one more member never reads. The baseline, in the same run, is the websocket library's own
broadcast of the same frames to as many clients. The benchmark compares the cpu time of both servers
for each byte that arrived, because the work of the crowd bounds the wall time.
"""

import argparse
import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

if not __package__:  # run as a file: what it imports lies beside its folder
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import websockets

from benchmarks.figures import machine, show
from benchmarks.processes import cpu_seconds, resident_mb, teller
from benchmarks.raw_members import ask_for_entry
from benchmarks.server_process import ServerProcess, server_process
from codesync_client import Room, Submission
from codesync_protocol.shared_text import SOURCE

PROGRAM = b"""
import os
line = b"the quick brown fox jumps over the lazy dog\\n" * 100
for _ in range(700): os.write(1, line)
"""
"""Writes 3 MB."""

KEY_SECONDS = 0.05


@asynccontextmanager
async def stuck(server: ServerProcess) -> AsyncGenerator[None]:
    """A member who never reads."""
    link = server.link()
    async with websockets.connect(
        link.server, compression=None, ping_interval=None, max_queue=1, close_timeout=0.1
    ) as websocket:
        await ask_for_entry(websocket, link, "stuck")
        yield
        websocket.transport.abort()


async def type_keys(room: Room, keys: int) -> None:
    """Type."""
    await room.text_settled()
    for _ in range(keys):
        room.document.edit(SOURCE, 0, 0, "x")
        await asyncio.sleep(KEY_SECONDS)
    await room.text_settled()


async def crowd(members: int, typists: int, keys: int, record: Path) -> dict[str, float]:
    """Measure the server with a crowd."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(server_process("--executor=local"))
        link = str(server.link())
        audience = await stack.enter_async_context(
            teller("benchmarks.audience", f"--record={record}", str(members), link)
        )
        await audience.next()
        await stack.enter_async_context(stuck(server))
        rooms = [
            await stack.enter_async_context(
                Room(server.link(), name=f"typist-{number}", shares_text=True)
            )
            for number in range(typists)
        ]
        await audience.quiet("bytes")
        before, used, rss = (
            (await audience.next())["bytes"],
            cpu_seconds(server.pid),
            resident_mb(server.pid),
        )
        began = asyncio.get_running_loop().time()
        await rooms[0].submit(Submission("python", [("flood.py", PROGRAM)]))
        await asyncio.gather(*(type_keys(room, keys) for room in rooms))
        said = await audience.quiet("bytes")
        return {
            "bytes": said["bytes"] - before,
            "cpu_seconds": cpu_seconds(server.pid) - used,
            "seconds": asyncio.get_running_loop().time() - began - 1.0,
            "rss_growth_mb": resident_mb(server.pid) - rss,
        }


async def plain(members: int, record: Path) -> dict[str, float]:
    """Measure the library's own broadcast of the same frames."""
    async with teller("benchmarks.plain_broadcast", str(members), str(record)) as server:
        address = (await server.next())["address"]
        link = f"{address}/plain#-"
        async with teller("benchmarks.audience", "--plain", str(members), link) as audience:
            await audience.next()
            told = await server.next()
            said = await audience.quiet("bytes")
    return {"bytes": said["bytes"], "cpu_seconds": told["cpu_seconds"], "seconds": told["seconds"]}


async def measure(members: int, typists: int, keys: int) -> dict[str, object]:
    """Measure."""
    with TemporaryDirectory() as folder:
        record = Path(folder, "frames")
        ours = await crowd(members, typists, keys, record)
        theirs = await plain(members, record)
    per_mb = ours["cpu_seconds"] / ours["bytes"] * 1e6
    plain_per_mb = theirs["cpu_seconds"] / theirs["bytes"] * 1e6
    return {
        "members": members,
        "typists": typists,
        "delivered_mb": round(ours["bytes"] / 1e6, 1),
        "plain_delivered_mb": round(theirs["bytes"] / 1e6, 1),
        "cpu_ms_per_mb": round(1000 * per_mb, 2),
        "plain_cpu_ms_per_mb": round(1000 * plain_per_mb, 2),
        "ratio_to_plain_broadcast": round(per_mb / plain_per_mb, 2),
        "seconds": round(ours["seconds"], 2),
        "plain_seconds": round(theirs["seconds"], 2),
        "server_rss_growth_mb": round(ours["rss_growth_mb"], 1),
        **machine(),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--members", type=int, default=200)
    parser.add_argument("--typists", type=int, default=10)
    parser.add_argument("--keys", type=int, default=40)
    args = parser.parse_args()
    show(asyncio.run(measure(args.members, args.typists, args.keys)), as_json=args.json)


if __name__ == "__main__":
    main()
