"""Abuse by programs."""

from benchmarks.abusers.abuse import Abuse
from codesync_client import Room, Submission
from codesync_client.errors import SubmissionRejected

SPIN = b"while True: pass\n"
FLOOD = b"import os\nwhile True: os.write(1, b'x' * 65536)\n"
QUICK = b"print('hello')\n"
SLEEPER = b"import time\nwhile True:\n    print('.', flush=True)\n    time.sleep(20)\n"


async def output_floods(abuse: Abuse) -> None:
    """Six members with one link run programs that write without end."""
    link = abuse.link("abuse-floods")
    for _ in range(6):
        abuse.submit_forever(await abuse.room(link), FLOOD)


async def quick_programs(abuse: Abuse) -> None:
    """Six members with one link run programs that end at once."""
    link = abuse.link("abuse-quick")
    for _ in range(6):
        abuse.submit_forever(await abuse.room(link), QUICK)


async def sleepers_of_one_member(abuse: Abuse) -> None:
    """One member keeps five terminal programs that sleep."""
    room = await abuse.room(abuse.link("abuse-sleepers"))
    for _ in range(5):
        abuse.submit_forever(room, SLEEPER, tty=True)


async def slow_terminals_in_two_rooms(abuse: Abuse) -> None:
    """Two rooms with two terminal programs each that print a dot every 20 s."""
    for name in ("abuse-slow-1", "abuse-slow-2"):
        link = abuse.link(name)
        for _ in range(2):
            abuse.submit_forever(await abuse.room(link), SLEEPER, tty=True)


async def thirty_keys(abuse: Abuse) -> None:
    """Thirty clients with one link keep the queue full of programs that compute."""
    link = abuse.link("abuse-keys")
    for _ in range(30):
        abuse.submit_forever(await abuse.room(link), SPIN)


async def submit_and_cancel(abuse: Abuse) -> None:
    """Six members with one link submit and cancel programs, without a pause after refusals."""
    link = abuse.link("abuse-cancels")
    for _ in range(6):
        room = await abuse.room(link)

        async def submit(room: Room = room) -> None:
            submission = Submission("python", [("main.py", QUICK)])
            try:
                await room.submit(submission)
            except SubmissionRejected:
                abuse.count("rejected")
                return
            room.cancel(submission.job)
            abuse.count("cancelled")

        abuse.forever(submit)
