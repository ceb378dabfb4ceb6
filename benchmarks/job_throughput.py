"""Measures jobs per second, in a burst and sustained, against a loop of `docker run`.

    python -m benchmarks.job_throughput [--json] [--seconds 20] [--burst 20]

Everything runs three Python hellos at the same time (the server's default), in containers of the
same image with the same limits. The burst submits jobs at once to a server with a full pool. The
sustained load has 3, 8 and 16 members in separate rooms, who submit again after each verdict. The
`docker run` loop is measured before and after each of these.
"""

import argparse
import asyncio
import statistics
import sys
import time
from contextlib import AsyncExitStack
from pathlib import Path

if not __package__:  # run as a file: what it imports lies beside its folder
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.baseline import docker_run, time_docker_run
from benchmarks.figures import machine, show
from benchmarks.hello import hello
from benchmarks.server_process import ServerProcess, server_process
from codesync_client import Room, Submission
from codesync_protocol.messages import Finished
from codesync_protocol.verdict import Verdict
from codesync_server.executors.docker.profile import SandboxProfile

AT_ONCE = 3
SUBMITTERS = (3, 8, 16)
PROGRAM = hello("python")


async def run_jobs(room: Room, count: int) -> None:
    """Submit jobs at once, and wait for all verdicts."""
    source = [(PROGRAM.language.file_name, PROGRAM.source.encode())]
    async with asyncio.TaskGroup() as tasks:
        for _ in range(count):
            tasks.create_task(room.submit(Submission("python", source)))
        async for event in room.events():
            if isinstance(event, Finished):
                assert event.result.verdict is Verdict.OK, event.result
                count -= 1
                if count == 0:
                    break


async def burst(server: ServerProcess, count: int) -> float:
    """Return the jobs per second of a burst on a server with a full pool."""
    await server.pool_is_full()
    async with Room(server.link(), name="burst") as room:
        began = time.monotonic()
        await run_jobs(room, count)
        return count / (time.monotonic() - began)


async def sustained(server: ServerProcess, submitters: int, seconds: float) -> float:
    """Return the jobs per second of members who submit repeatedly."""
    await server.pool_is_full()
    done = 0

    async def submit_on(room: Room) -> None:
        nonlocal done
        while time.monotonic() < end:
            await run_jobs(room, 1)
            done += 1

    async with AsyncExitStack() as stack, asyncio.TaskGroup() as tasks:
        rooms = [
            await stack.enter_async_context(Room(server.link(f"room-{n}"), name="member"))
            for n in range(submitters)
        ]
        began = time.monotonic()
        end = began + seconds
        for room in rooms:
            tasks.create_task(submit_on(room))
    return done / (time.monotonic() - began)


async def docker_run_loop(command: list[str], seconds: float) -> float:
    """Return the jobs per second of `docker run` at the same concurrency."""
    done = 0
    began = time.monotonic()

    async def run_on() -> None:
        nonlocal done
        while time.monotonic() < began + seconds:
            await time_docker_run(command, PROGRAM)
            done += 1

    async with asyncio.TaskGroup() as tasks:
        for _ in range(AT_ONCE):
            tasks.create_task(run_on())
    return done / (time.monotonic() - began)


async def measure(seconds: float, count: int) -> dict[str, object]:
    """Measure the rates, each between two measurements of the loop.

    Args:
        seconds: duration of the sustained load.
        count: number of jobs of the burst.
    """
    rates: dict[str, float] = {}
    loops: list[float] = []
    with docker_run(SandboxProfile()) as command:

        async def loop() -> None:
            loops.append(await docker_run_loop(command, seconds / 2))

        limits = [
            f"--max-concurrent={AT_ONCE}",
            f"--queue-per-member={count}",
            "--submits-per-minute=1000000",
        ]
        await loop()
        for size in (AT_ONCE + 1, count):
            async with server_process(
                "--executor=docker", *limits, f"--pool-size={size}"
            ) as server:
                rates[f"burst_{count}_pool_{size}"] = await burst(server, count)
            await loop()
        async with server_process("--executor=docker", *limits) as server:
            for submitters in SUBMITTERS:
                rates[f"sustained_{submitters}"] = await sustained(server, submitters, seconds)
                await loop()
            pool = (await server.stats())["pool"]
    baseline = statistics.median(loops)
    return {
        "docker_run_per_s": round(baseline, 2),
        **{f"{name}_per_s": round(rate, 2) for name, rate in rates.items()},
        **{f"{name}_ratio": round(rate / baseline, 2) for name, rate in rates.items()},
        "pool_hit_rate": round(pool["hits"] / max(1, pool["hits"] + pool["misses"]), 3),
        "refill_ms": round(pool["refill_seconds"] * 1000),
        **machine(),
    }


async def _main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--seconds", type=float, default=20.0, help="sustained (%(default)s)")
    parser.add_argument("--burst", type=int, default=20, help="jobs of a burst (%(default)s)")
    args = parser.parse_args()
    show(await measure(args.seconds, args.burst), as_json=args.json)


if __name__ == "__main__":
    sys.exit(asyncio.run(_main()))
