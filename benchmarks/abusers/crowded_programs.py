"""Abuse by programs in rooms with many viewers, who all receive what happens."""

import asyncio

from benchmarks.abusers.abuse import Abuse
from benchmarks.abusers.crowd import crowd
from benchmarks.abusers.programs import FLOOD
from codesync_client import Room, Submission
from codesync_protocol.messages import StdinMode

DOTS = b"import time\nwhile True:\n    print('.', end='', flush=True)\n    time.sleep(0.01)\n"
READER = b"import sys\nfor line in sys.stdin:\n    pass\n"
LINES_PER_PROGRAM = 5_000
LINES_PER_SECOND = 100


async def output_to_a_crowd(abuse: Abuse) -> None:
    """Six members with one link run programs that write without end, in a crowded room."""
    await crowd(abuse, "abuse-output", abuse.viewers)
    link = abuse.link("abuse-output")
    for _ in range(6):
        abuse.submit_forever(await abuse.room(link), FLOOD)


async def dots(abuse: Abuse) -> None:
    """Four members with three terminal programs each print 100 dots per second to a crowd."""
    await crowd(abuse, "abuse-dots", abuse.viewers)
    link = abuse.link("abuse-dots")
    for _ in range(4):
        room = await abuse.room(link)
        for _ in range(3):
            abuse.submit_forever(room, DOTS, tty=True)


async def typed_lines_of_a_crowd(abuse: Abuse) -> None:
    """Five members of a crowded room type 100 lines per second each into terminal programs."""
    await crowd(abuse, "abuse-lines", abuse.viewers)
    link = abuse.link("abuse-lines")
    for _ in range(5):
        room = await abuse.room(link)

        async def write(room: Room = room) -> None:
            source = [("main.py", READER)]
            program = Submission("python", source, stdin=StdinMode.SHARED, tty=True)
            await room.submit(program)
            for _ in range(LINES_PER_PROGRAM):
                await room.send_stdin(program.job, b"a line\n")
                abuse.count("lines")
                await asyncio.sleep(1 / LINES_PER_SECOND)
            room.cancel(program.job)

        abuse.forever(write)
