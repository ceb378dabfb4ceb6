"""Measures a class that submits at once: refused submissions, and the longest wait.

    python -m benchmarks.classroom [--json] [--members 300] [--rooms 100] [--seconds 60]

All members have one address. Each submits a hello within 2 s. In a second phase each member submits
again after each verdict. The longest wait is compared with that of an ideal round robin at the rate
at which the server ran the jobs of the phase: with N jobs in turn, the last starts after N / rate.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

if not __package__:  # run as a file: what it imports lies beside its folder
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.figures import machine, percentile, show
from benchmarks.processes import resident_mb, teller
from benchmarks.server_process import server_process


def phase_figures(jobs: Sequence[Sequence[float]], members: int) -> dict[str, float]:
    """Compare the waits of a phase with an ideal round robin of its members.

    Args:
        jobs: the times of submission, start and end of each job, in seconds.
        members: number of members that submit in turn.
    """
    waits = [started - submitted for submitted, started, _ in jobs]
    seconds = max(job[2] for job in jobs) - min(job[0] for job in jobs)
    rate = len(jobs) / seconds
    return {
        "jobs": len(jobs),
        "jobs_per_second": round(rate, 2),
        "wait_p50_s": round(percentile(waits, 50), 2),
        "longest_wait_s": round(max(waits), 2),
        "ideal_longest_wait_s": round(members / rate, 2),
        "longest_wait_ratio": round(max(waits) * rate / members, 2),
    }


async def measure_phase(
    members: int, rooms: int, seconds: float, arguments: Sequence[str]
) -> dict[str, object]:
    """Let a class submit on a new server.

    Args:
        members: number of members.
        rooms: number of rooms.
        seconds: duration of the second phase.
        arguments: more arguments for the server.
    """
    async with server_process("--executor=docker", *arguments) as server:
        await server.pool_is_full()
        words = (server.address, server.token, str(rooms), str(members), str(seconds))
        async with teller("benchmarks.pupils", *words) as pupils:
            here = await pupils.next()
            said = await pupils.next()
        return {
            "join_seconds": round(here["join_seconds"], 2),
            "refused": sum(said["refused"].values()),
            "refused_by_code": said["refused"],
            **phase_figures(said["jobs"], members),
            "server_rss_mb": round(resident_mb(server.pid), 1),
        }


async def measure(
    members: int, rooms: int, seconds: float, arguments: Sequence[str]
) -> dict[str, object]:
    """Measure the burst, then the same class for some time."""
    burst = await measure_phase(members, rooms, 0.0, arguments)
    sustained = await measure_phase(members, rooms, seconds, arguments) if seconds else {}
    return {"members": members, "rooms": rooms, **burst, "sustained": sustained, **machine()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--members", type=int, default=300)
    parser.add_argument("--rooms", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=60.0, help="of the second phase; 0: none")
    parser.add_argument("--server", action="append", default=[], help="an argument of the server")
    args = parser.parse_args()
    figures = asyncio.run(measure(args.members, args.rooms, args.seconds, args.server))
    show(figures, as_json=args.json)


if __name__ == "__main__":
    main()
