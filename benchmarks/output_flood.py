"""Measures programs that write at full speed: received bytes, and the cost for others.

    python -m benchmarks.output_flood [--json] [--floods 40] [--jobs 10]

One member reads a room in which programs write up to the output limit, one after the other;
another member never reads. Meanwhile another room runs hellos. The baseline is the hello of that
room alone, before and after. Reader, server and neighbour are separate processes. Server memory is
the resident set: when the room keeps its maximum of output, and at the end.
"""

import argparse
import asyncio
import json
import statistics
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

if not __package__:  # run as a file: what it imports lies beside its folder
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import websockets

from benchmarks.figures import machine, show
from benchmarks.hello import hello
from benchmarks.job_latency import time_job
from benchmarks.processes import ROOT, resident_mb
from benchmarks.raw_members import ask_for_entry
from benchmarks.server_process import ServerProcess, server_process
from codesync_client import Room
from codesync_protocol.links import Link

WARMING_FLOODS = 8
"""Floods after which a room keeps its maximum of output."""


@asynccontextmanager
async def flooding(link: Link, floods: int) -> AsyncGenerator[AsyncIterator[dict[str, float]]]:
    """Let programs flood a room with a reader in a separate process.

    Yields:
        The report of the reader for each flood.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "benchmarks.flood_reader", str(floods)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    stdout = process.stdout

    async def said() -> AsyncIterator[dict[str, float]]:
        while line := await stdout.readline():
            yield json.loads(line)

    process.stdin.write(f"{link}\n".encode())
    process.stdin.close()
    try:
        yield said()
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def sit_there(stack: AsyncExitStack, link: Link) -> None:
    """Enter a room, and never read."""
    connection = await stack.enter_async_context(
        websockets.connect(link.server, max_queue=1, compression=None, close_timeout=0.1)
    )
    await ask_for_entry(connection, link, "stuck")


async def hellos(server: ServerProcess, room: Room, count: int) -> list[float]:
    """Run hellos in the other room; return the milliseconds of each."""
    took: list[float] = []
    for _ in range(count):
        took.append((await time_job(room, hello("python")))["codesync"])
        await asyncio.sleep(0.3)  # people pause, and the pool refills
    return took


async def measure(floods: int, jobs: int) -> dict[str, object]:
    """Measure.

    Args:
        floods: number of programs that flood, one after the other.
        jobs: number of hellos that the other room runs alone, before and after.
    """
    beside_floods: list[float] = []
    async with (
        server_process("--executor=docker") as server,
        AsyncExitStack() as stack,
        Room(server.link("other-room"), name="neighbour") as other,
    ):
        await sit_there(stack, server.link())
        beside_nothing = await hellos(server, other, jobs)

        async def keep_saying_hello() -> None:
            while True:
                beside_floods.extend(await hellos(server, other, 1))

        async with flooding(server.link(), WARMING_FLOODS + floods) as reader:
            for _ in range(WARMING_FLOODS):
                await anext(reader)
            memory = resident_mb(server.pid)
            async with asyncio.TaskGroup() as tasks:
                neighbour = tasks.create_task(keep_saying_hello())
                flooded = [said async for said in reader]
                neighbour.cancel()
            growth = resident_mb(server.pid) - memory
        await server.pool_is_full()
        async with Room(server.link("other-room"), name="later") as later:
            beside_nothing += await hellos(server, later, jobs)
    alone, beside = statistics.median(beside_nothing), statistics.median(beside_floods)
    read = sum(said["read"] for said in flooded)
    return {
        "read_mb_per_s": round(read / sum(said["seconds"] for said in flooded) / 1e6, 2),
        "read_mb": round(read / 1e6, 1),
        "skipped_mb": round(sum(said["skipped"] for said in flooded) / 1e6, 1),
        "server_rss_mb": round(memory, 1),
        "server_rss_growth_mb": round(growth, 1),
        "other_room_alone_ms": round(alone, 2),
        "other_room_ms": round(beside, 2),
        "other_room_jobs": len(beside_floods),
        "other_room_ratio": round(beside / alone, 2),
        **machine(),
    }


async def _main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--floods", type=int, default=40, help="how many (%(default)s)")
    parser.add_argument("--jobs", type=int, default=10, help="of the other room (%(default)s)")
    args = parser.parse_args()
    show(await measure(args.floods, args.jobs), as_json=args.json)


if __name__ == "__main__":
    sys.exit(asyncio.run(_main()))
