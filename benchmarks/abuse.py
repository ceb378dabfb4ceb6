"""Measures the cost of each kind of abuse for another member: the times of an edit and of a job.

    python -m benchmarks.abuse [--json] [--rounds 15] [--case NAME] [--executor docker]

Each case of `abusers.cases` has a separate server. A member of another room (or of the same room,
if the case says so) types a letter and waits until the server has it, then submits a hello and
waits for its verdict; first on the quiet server, then beside the abuse. The abusers run in a
process with low priority, which connects from another loopback address. Ratios compare the medians
beside the abuse with the quiet ones. `abuse` has the numbers of the abusers' actions: what they do
in a case depends on the cpu time that they get.
"""

import argparse
import asyncio
import statistics
import sys
import time
from collections.abc import AsyncGenerator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

if not __package__:  # run as a file: what it imports lies beside its folder
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.abusers.abuse import INNOCENT_ROOM
from benchmarks.abusers.cases import CASES, STORED_JOBS
from benchmarks.figures import machine, percentile, show
from benchmarks.processes import Teller, teller
from benchmarks.server_process import ServerProcess, server_process
from benchmarks.stored_jobs import store_finished_jobs
from codesync_client import Room, Submission
from codesync_protocol.messages import Finished
from codesync_protocol.shared_text import SOURCE
from codesync_server.store.choice import choose_store

EDITS_PER_JOB = 4
PAUSE_SECONDS = 0.05
WORK_SECONDS = 3.0
"""Duration of the abuse before the measurement."""

GIVE_UP_SECONDS = 60.0
"""Largest time that counts for a job or an edit."""

EXCERPT = "a line without the searched words\n" * 50
"""The beginning of the source of stored jobs: as long as a store keeps it."""

Times = dict[str, list[float]]


class Innocent:
    """The measured member.

    Args:
        room: its room, with the text.
    """

    def __init__(self, room: Room) -> None:
        self._room = room
        self._finished: set[str] = set()
        self._moved = asyncio.Event()

    async def read(self) -> None:
        """Read events, as a screen does."""
        async for event in self._room.events():
            if isinstance(event, Finished):
                self._finished.add(event.job)
                self._moved.set()

    async def edit(self) -> None:
        """Type a letter, and wait until the server has it."""
        self._room.document.edit(SOURCE, 0, 0, "x")
        await self._room.text_settled()

    async def job(self) -> None:
        """Run a hello, and wait for its verdict."""
        submission = Submission("python", [("main.py", b"print('hello')\n")])
        await self._room.submit(submission)
        while submission.job not in self._finished:
            self._moved.clear()
            await self._moved.wait()

    async def measure(self, rounds: int) -> Times:
        """Time edits and jobs, one after the other."""
        times: Times = {"edit": [], "job": []}
        for _ in range(rounds):
            for _ in range(EDITS_PER_JOB):
                times["edit"].append(await _seconds(self.edit()))
                await asyncio.sleep(PAUSE_SECONDS)
            times["job"].append(await _seconds(self.job()))
            await asyncio.sleep(PAUSE_SECONDS)
        return times


async def _seconds(act: Coroutine[None, None, None]) -> float:
    began = time.monotonic()
    with suppress(TimeoutError):
        async with asyncio.timeout(GIVE_UP_SECONDS):
            await act
    return time.monotonic() - began


@asynccontextmanager
async def innocent(server: ServerProcess) -> AsyncGenerator[Innocent]:
    """Enter the room as the measured member, and wait for its text."""
    async with (
        Room(server.link(INNOCENT_ROOM), name="ana", shares_text=True) as room,
        asyncio.TaskGroup() as tasks,
    ):
        member = Innocent(room)
        reading = tasks.create_task(member.read())
        await room.text_settled()
        yield member
        reading.cancel()


async def store_jobs(address: str, name: str) -> None:
    """Write the finished jobs that a case needs to a new store."""
    if name not in STORED_JOBS:
        return
    room, jobs = STORED_JOBS[name]
    store = choose_store(address)
    await store.open()
    await store_finished_jobs(store, jobs, room=room, excerpt=EXCERPT)
    await store.close()


async def _count(abusers: Teller, done: dict[str, int]) -> None:
    """Note the numbers of actions that the abusers print."""
    while True:
        done.update(await abusers.next())


async def measure_case(name: str, executor: str, rounds: int) -> dict[str, object]:
    """Measure one kind of abuse, quiet first."""
    done: dict[str, int] = {}
    async with AsyncExitStack() as stack:
        store = f"{stack.enter_context(TemporaryDirectory())}/rooms.db"
        await store_jobs(store, name)
        server = await stack.enter_async_context(
            server_process(f"--executor={executor}", f"--store={store}")
        )
        member = await stack.enter_async_context(innocent(server))
        await member.measure(2)  # warms the caches
        quiet = await member.measure(rounds)
        async with (
            teller("benchmarks.abusers", name, server.address, server.token) as abusers,
            asyncio.TaskGroup() as tasks,
        ):
            async with asyncio.timeout(GIVE_UP_SECONDS):
                await abusers.next()
            counting = tasks.create_task(_count(abusers, done))
            await asyncio.sleep(WORK_SECONDS)
            beside = await member.measure(rounds)
            counting.cancel()
        stats = await server.stats()
    figures: dict[str, object] = {"abuse": done}
    for what in ("edit", "job"):
        before, during = statistics.median(quiet[what]), statistics.median(beside[what])
        figures[f"ratio_{what}"] = round(during / before, 2)
        figures[f"{what}_quiet_ms"] = round(before * 1000, 2)
        figures[f"{what}_ms"] = round(during * 1000, 2)
        figures[f"{what}_worst_ms"] = round(percentile(beside[what], 100) * 1000, 2)
    if "loop_lag" in stats:
        figures["loop_lag"] = stats["loop_lag"]
    return figures


async def measure(names: list[str], executor: str, rounds: int) -> dict[str, object]:
    """Measure the cases, one after the other."""
    cases = {name: await measure_case(name, executor, rounds) for name in names}
    return {
        "executor": executor,
        "worst_ratio_edit": max(float(str(case["ratio_edit"])) for case in cases.values()),
        "worst_ratio_job": max(float(str(case["ratio_job"])) for case in cases.values()),
        "cases": cases,
        **machine(),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--rounds", type=int, default=15, help="jobs, with 4 edits each")
    parser.add_argument(
        "--case", action="append", choices=CASES, metavar="NAME", help="measure only this case"
    )
    parser.add_argument("--executor", default="docker", choices=("docker", "local"))
    args = parser.parse_args()
    names = args.case or list(CASES)
    show(asyncio.run(measure(names, args.executor, args.rounds)), as_json=args.json)


if __name__ == "__main__":
    main()
