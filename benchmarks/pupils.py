"""The members of a class, in a separate process for benchmarks.

    python -m benchmarks.pupils SERVER TOKEN ROOMS MEMBERS SECONDS < /dev/null

Prints `{"here": MEMBERS}` when all have entered their rooms. Then each submits a hello within 2 s,
and for SECONDS submits again after each verdict. At the end prints one object: refused submissions,
and the times of submission, start and end of each job (seconds).
"""

import argparse
import asyncio
import json
import random
import time
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from codesync_client import Room, Submission
from codesync_client.errors import SubmissionRejected
from codesync_protocol.links import Link
from codesync_protocol.messages import Finished, Role, Started
from codesync_server.access.invites import InviteSigner

BURST_SECONDS = 2.0
HANDSHAKES_AT_ONCE = 20
PROGRAM = b"print('hello')\n"


@dataclass
class Pupil:
    """One member of the class.

    Attributes:
        room: the room.
        finished: is set when a job of this member ends.
        jobs: the times of submission, start and end of each job.
        refused: number of refused submissions, by code.
    """

    room: Room
    finished: asyncio.Event = field(default_factory=asyncio.Event)
    jobs: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    refused: Counter[str] = field(default_factory=Counter[str])

    async def read(self) -> None:
        """Note when jobs start and finish."""
        async for event in self.room.events():
            if isinstance(event, Started | Finished) and (times := self.jobs.get(event.job)):
                if isinstance(event, Started) and len(times) == 1:
                    times.append(time.monotonic())
                elif isinstance(event, Finished):
                    times.append(time.monotonic())
                    self.finished.set()

    async def submit(self) -> bool:
        """Submit a hello; tell whether it was accepted."""
        submission = Submission("python", [("main.py", PROGRAM)])
        self.jobs[submission.job] = [time.monotonic()]
        try:
            await self.room.submit(submission)
        except SubmissionRejected as error:
            self.refused[error.code or "unknown"] += 1
            del self.jobs[submission.job]
            return False
        return True

    async def work(self, until: float) -> None:
        """Submit within the burst, and then repeatedly until a time."""
        await asyncio.sleep(random.uniform(0, BURST_SECONDS))
        while True:
            self.finished.clear()
            if await self.submit():
                await self.finished.wait()
            else:
                await asyncio.sleep(1.0)
            if time.monotonic() >= until:
                return


async def main() -> None:
    """Enter, work, report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("server")
    parser.add_argument("token")
    parser.add_argument("rooms", type=int)
    parser.add_argument("members", type=int)
    parser.add_argument("seconds", type=float)
    args = parser.parse_args()
    invites = InviteSigner(args.token)
    names = [f"group-{number}" for number in range(args.rooms)]
    links = {name: Link(args.server, name, invites.invite(name, Role.EDITOR)) for name in names}
    door = asyncio.Semaphore(HANDSHAKES_AT_ONCE)
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as tasks:

        async def enter(number: int) -> Pupil:
            link = links[names[number % len(names)]]
            async with door:
                room = Room(link, name=f"pupil-{number}")
                return Pupil(await stack.enter_async_context(room))

        began = time.monotonic()
        pupils = await asyncio.gather(*(enter(number) for number in range(args.members)))
        joined = time.monotonic() - began
        reading = [tasks.create_task(pupil.read()) for pupil in pupils]
        print(json.dumps({"here": len(pupils), "join_seconds": joined}), flush=True)
        until = time.monotonic() + BURST_SECONDS + args.seconds
        await asyncio.gather(*(pupil.work(until) for pupil in pupils))
        for each in reading:
            each.cancel()
    refused: Counter[str] = Counter()
    for pupil in pupils:
        refused.update(pupil.refused)
    jobs = [times for pupil in pupils for times in pupil.jobs.values()]
    print(json.dumps({"refused": dict(refused), "jobs": jobs}), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
