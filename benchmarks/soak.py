"""Measures a server under a mixed load for a long time: growth, and the lag of its event loop.

    python -m benchmarks.soak [--json] [--minutes 10] [--rooms 4] [--executor docker]

Typists, jobs, cancelled jobs, uploads, terminals, joins, departures and broken handshakes (see
`soak_load`). Memory, descriptors, threads, containers and log lines of the server are read every
two seconds. The first fifth of the time is the warm-up. After it, the median of the last third is
compared with that of the first third. Log lines are compared per minute.
"""

import argparse
import asyncio
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

if not __package__:  # run as a file: what it imports lies beside its folder
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.figures import machine, show
from benchmarks.processes import Teller, resident_mb, teller
from benchmarks.server_process import ServerProcess, server_process

SAMPLE_SECONDS = 2.0
WARM_PART = 0.2

Sample = dict[str, float]


async def take_sample(server: ServerProcess) -> Sample:
    """Read the resources that the server uses."""
    stats = await server.stats()
    pool = stats["pool"]

    def read() -> Sample:
        proc = Path(f"/proc/{server.pid}")
        return {
            "rss_mb": resident_mb(server.pid),
            "descriptors": len(list((proc / "fd").iterdir())),
            "threads": len(list((proc / "task").iterdir())),
            "log_lines": server.log.read_bytes().count(b"\n"),
        }

    return {
        **await asyncio.to_thread(read),
        "containers": pool["parked"] + pool["starting"] + stats["active"],
        "rooms": stats["rooms"],
        "members": stats["members"],
        "loop_lag_p99_ms": float(stats.get("loop_lag", {}).get("p99_ms", 0.0)),
        "loop_lag_max_ms": float(stats.get("loop_lag", {}).get("max_ms", 0.0)),
    }


def growth(samples: Sequence[Sample], name: str) -> dict[str, float]:
    """Compare the last third of the samples with the first."""
    third = max(1, len(samples) // 3)
    first = statistics.median(sample[name] for sample in samples[:third])
    last = statistics.median(sample[name] for sample in samples[-third:])
    return {
        "first": round(first, 1),
        "last": round(last, 1),
        "ratio": round(last / first, 3) if first else float(last > 0),
    }


def log_lines_per_minute(samples: Sequence[Sample]) -> float:
    """Return the rate at which the log grew."""
    minutes = max(1, len(samples) - 1) * SAMPLE_SECONDS / 60
    return round((samples[-1]["log_lines"] - samples[0]["log_lines"]) / minutes, 1)


async def listen(load: Teller, done: dict[str, Any]) -> None:
    """Keep the latest counts of the load."""
    while True:
        done.update(await load.next())


async def measure(minutes: float, rooms: int, executor: str) -> dict[str, object]:
    """Load a server, and take samples."""
    samples: list[Sample] = []
    done: dict[str, Any] = {}
    async with (
        server_process(f"--executor={executor}") as server,
        teller("benchmarks.soak_load", server.address, server.token, str(rooms)) as load,
        asyncio.TaskGroup() as tasks,
    ):
        listening = tasks.create_task(listen(load, done))
        for _ in range(max(3, round(minutes * 60 / SAMPLE_SECONDS))):
            await asyncio.sleep(SAMPLE_SECONDS)
            samples.append(await take_sample(server))
        listening.cancel()
    warm = samples[int(len(samples) * WARM_PART) :]
    return {
        "minutes": minutes,
        "executor": executor,
        "rss_mb": growth(warm, "rss_mb"),
        "descriptors": growth(warm, "descriptors"),
        "threads": growth(warm, "threads"),
        "containers": growth(warm, "containers"),
        "log_lines_per_minute": log_lines_per_minute(warm),
        "loop_lag_p99_ms": max(sample["loop_lag_p99_ms"] for sample in warm),
        "loop_lag_max_ms": max(sample["loop_lag_max_ms"] for sample in warm),
        "done": done,
        **machine(),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--rooms", type=int, default=4)
    parser.add_argument("--executor", default="docker", choices=("docker", "local"))
    args = parser.parse_args()
    show(asyncio.run(measure(args.minutes, args.rooms, args.executor)), as_json=args.json)


if __name__ == "__main__":
    main()
