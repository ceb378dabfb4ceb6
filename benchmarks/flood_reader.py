"""A member who runs programs that flood a room, and reads everything, in a separate process.

    python -m benchmarks.flood_reader FLOODS < LINK

Prints one JSON object per flood: its duration in seconds, and the read and skipped bytes.
"""

import asyncio
import json
import sys
import time

from codesync_client import JobOutput, OutputSkipped, Room, Submission
from codesync_protocol.links import Link
from codesync_protocol.messages import Finished
from codesync_protocol.verdict import Verdict

FLOOD = b"""
import os
line = b"the quick brown fox jumps over the lazy dog\\n" * 1000
while True: os.write(1, line)
"""


async def flood(room: Room) -> dict[str, float]:
    """Run one program up to the output limit."""
    submission = Submission("python", [("flood.py", FLOOD)])
    read = skipped = 0
    began = time.monotonic()
    await room.submit(submission)
    async for event in room.events():
        match event:
            case JobOutput(data=data):
                read += len(data)
            case OutputSkipped(count=count):
                skipped += count
            case Finished(job=submission.job, result=result):
                assert result.verdict is Verdict.OUTPUT_LIMIT, result
                return {"seconds": time.monotonic() - began, "read": read, "skipped": skipped}
            case _:
                pass
    raise AssertionError("the room ended")


async def _main(link: Link, floods: int) -> None:
    async with Room(link, name="reader") as room:
        for _ in range(floods):
            print(json.dumps(await flood(room)), flush=True)


if __name__ == "__main__":
    asyncio.run(_main(Link.parse(sys.stdin.readline().strip()), int(sys.argv[1])))
