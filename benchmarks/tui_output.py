"""Measures the cost of much output for the screen: its speed, and the longest delay of keys.

    python -m benchmarks.tui_output [--json] [--size 160x48]

A real server runs a program that writes 10 MB, plain and then coloured; the real app shows it
without a terminal. The longest frame is the longest time for which the app's loop was blocked; the
baseline is the same loop before the output. Memory is the growth of the app's process.
"""

import argparse
import asyncio
import os
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

if not __package__:  # run as a file: what it imports lies beside its folder
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.waiting import eventually

from benchmarks.figures import machine, show
from benchmarks.processes import resident_mb
from benchmarks.server_process import server_process
from codesync_client import Room, Submission
from codesync_protocol.messages import Finished
from codesync_tui.app import CodeSyncApp
from codesync_tui.panels.output import OutputPane

SIZE = 9_990_000
LINE = "the quick brown fox jumps over the lazy dog 0123456789"
PLAIN = f"line = b'{LINE}\\n'"
COLOURED = (
    "line = (b'\\x1b[1;32mok\\x1b[0m \\x1b[38;5;208mwarn\\x1b[0m the quick brown '"
    " b'\\x1b[4mfox\\x1b[0m\\n')"
)
PROGRAM = """
import sys
{line}
sys.stdout.buffer.write((line * ({size} // len(line) + 1))[:{size}])
"""
BEAT_SECONDS = 0.002


class Lag:
    """Measures the longest time for which a loop was blocked.

    Attributes:
        longest: milliseconds.
    """

    def __init__(self) -> None:
        self.longest = 0.0

    async def watch(self) -> None:
        """Measure until cancelled."""
        while True:
            began = time.perf_counter()
            await asyncio.sleep(BEAT_SECONDS)
            self.longest = max(self.longest, (time.perf_counter() - began - BEAT_SECONDS) * 1000)


@asynccontextmanager
async def lag() -> AsyncGenerator[Lag]:
    """Measure the loop during the block."""
    watched = Lag()
    task = asyncio.ensure_future(watched.watch())
    try:
        yield watched
    finally:
        task.cancel()
        await asyncio.wait([task])


async def flood(room: Room, pane: OutputPane, line: str) -> dict[str, float]:
    """Run a program that writes, and wait until all output is visible."""
    program = PROGRAM.format(line=line, size=SIZE).encode()
    submission = Submission("python", [("flood.py", program)])
    before = resident_mb(os.getpid())
    async with lag() as watched:
        began = time.monotonic()
        await room.submit(submission)
        async for event in room.events():
            if isinstance(event, Finished) and event.job == submission.job:
                break
        await eventually(
            lambda: pane.transcript.has_ended(submission.job) and not pane.has_unpainted_output
        )
        seconds = time.monotonic() - began
    return {
        "mb_per_s": round(SIZE / 1e6 / seconds, 2),
        "longest_frame_ms": round(watched.longest, 1),
        "rss_growth_mb": round(resident_mb(os.getpid()) - before, 1),
    }


async def measure(columns: int, lines: int) -> dict[str, object]:
    """Measure."""
    async with (
        server_process("--executor=local") as server,
        Room(server.link(), name="writer") as room,
    ):
        app = CodeSyncApp(server.link(), name="reader")
        async with app.run_test(size=(columns, lines)):
            screen = app.screen_stack[0]
            await screen.run_action("output")
            pane = screen.query_one(OutputPane)
            await asyncio.sleep(1)
            app.gc_schedule.start()  # as on a terminal
            async with lag() as idle:
                await asyncio.sleep(2)
            plain = await flood(room, pane, PLAIN)
            coloured = await flood(room, pane, COLOURED)
    return {
        "plain": plain,
        "coloured": coloured,
        "longest_frame_ms": max(plain["longest_frame_ms"], coloured["longest_frame_ms"]),
        "idle_longest_frame_ms": round(idle.longest, 1),
        **machine(),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--size", default="160x48", help="of the screen")
    args = parser.parse_args()
    columns, lines = map(int, args.size.split("x"))
    show(asyncio.run(measure(columns, lines)), as_json=args.json)


if __name__ == "__main__":
    main()
