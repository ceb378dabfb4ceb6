#!/usr/bin/env python3
"""Draw docs/screen.png, the README's picture, from the real screen in a room on a real server.

scripts/picture.py [--columns N] [--lines N]; needs the group `docs` (scripts/sync --group docs).
"""

import argparse
import asyncio
import os
import re
import sys
from pathlib import Path

import cairosvg

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.server_process import server_process  # noqa: E402 - the checkout is not a package

from codesync_client import Room, Submission  # noqa: E402 - likewise
from codesync_protocol.messages import Finished, StdinMode  # noqa: E402 - likewise
from codesync_tui.app import CodeSyncApp  # noqa: E402 - likewise

PROGRAM = '''\
"""Counts the words that people type, until they have had enough."""

from collections import Counter

words: Counter[str] = Counter()
while line := input("say something (empty line ends): "):
    words.update(line.lower().split())
    print(f"{len(words)} different words so far")

for word, count in words.most_common(3):
    print(f"\\x1b[36m{word:>12}\\x1b[0m {'█' * count} {count}")
'''
LINES = (
    b"the quick brown fox jumps over the lazy dog\n",
    b"the dog sleeps and the fox runs\n",
    b"\n",
)
FONT = "DejaVu Sans Mono"


async def run_a_program(room: Room) -> None:
    """Run a program with a compile error as another member."""
    broken = Submission("cpp", [("sort.cpp", b"int main() { return sorted({3, 1, 2}); }\n")])
    await room.submit(broken)
    async for event in room.events():
        if isinstance(event, Finished) and event.job == broken.job:
            return


async def screenshot(columns: int, lines: int) -> str:
    """Return the screen as SVG after some pairing."""
    async with server_process("--executor=auto") as server:
        link = server.link("brave-otter-412")
        source = ROOT / "docs" / "words.py"
        source.write_text(PROGRAM)
        try:
            app = CodeSyncApp(link, name="ana", file=source)
            async with app.run_test(size=(columns, lines)) as pilot:
                async with Room(link, name="ben") as ben:
                    await until(pilot.pause, lambda: "ben" in app.export_screenshot())
                    await run_a_program(ben)
                    await pilot.press("f5")
                    await until(pilot.pause, lambda: bool(waiting(ben)))
                    ben.take_stdin(waiting(ben))
                    for line in LINES:
                        await ben.send_stdin(waiting(ben), line)
                        await pilot.pause(0.4)
                    await until(pilot.pause, lambda: not waiting(ben))
                    await pilot.pause(0.5)
                    return app.export_screenshot(title="codesync")
        finally:
            source.unlink()


def waiting(room: Room) -> str:
    """Return the id of the job that accepts input; empty if there is none."""
    jobs = [
        job.job
        for job in room.jobs.values()
        if job.stdin is StdinMode.SHARED and job.result is None
    ]
    return jobs[0] if jobs else ""


async def until(pause: object, is_so: object) -> None:
    """Wait until a condition holds."""
    assert callable(pause)
    assert callable(is_so)
    async with asyncio.timeout(60):
        while not is_so():
            await pause(0.1)


def render(svg: str, target: Path) -> None:
    """Convert the SVG to a PNG with a font of this machine."""
    svg = re.sub(r"@font-face\s*{[^}]*}", "", svg)
    svg = re.sub(r"font-family:\s*[^;]+;", f"font-family: {FONT};", svg)
    cairosvg.svg2png(svg.encode(), write_to=str(target), output_width=1600)


def main() -> int:
    """Draw the picture."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--columns", type=int, default=132)
    parser.add_argument("--lines", type=int, default=36)
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "screen.png")
    args = parser.parse_args()
    os.environ |= {"COLORTERM": "truecolor", "TEXTUAL_COLOR_SYSTEM": "truecolor"}
    render(asyncio.run(screenshot(args.columns, args.lines)), args.output)
    print(f"wrote {args.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
