"""Measures the memory of the server for idle members.

    python -m benchmarks.idle_members [--json] [--members 1000] [--rooms 20]

The members are raw websockets in a separate process, distributed over rooms. The baseline is the
server without members. Memory is the resident set of the server.
"""

import argparse
import asyncio
import sys
from pathlib import Path

if not __package__:  # run as a file: what it imports lies beside its folder
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.figures import machine, show
from benchmarks.processes import resident_mb, teller
from benchmarks.server_process import server_process

QUIET_SECONDS = 3.0


async def measure(members: int, rooms: int) -> dict[str, object]:
    """Measure."""
    async with server_process("--executor=local") as server:
        links = [str(server.link(f"room-{number}")) for number in range(rooms)]
        await asyncio.sleep(QUIET_SECONDS)
        before = resident_mb(server.pid)
        async with teller("benchmarks.audience", str(members), *links) as audience:
            here = (await audience.next())["here"]
            await asyncio.sleep(QUIET_SECONDS)
            after = resident_mb(server.pid)
    return {
        "members": here,
        "rooms": rooms,
        "server_rss_mb": round(after, 1),
        "server_rss_before_mb": round(before, 1),
        "kb_per_member": round((after - before) * 1000 / here, 1),
        **machine(),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--members", type=int, default=1000)
    parser.add_argument("--rooms", type=int, default=20)
    args = parser.parse_args()
    show(asyncio.run(measure(args.members, args.rooms)), as_json=args.json)


if __name__ == "__main__":
    main()
