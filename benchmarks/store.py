"""Measures the speed of each store: submissions, edits, and the first page of history.

    python -m benchmarks.store [--json] [--jobs 100000] [--seconds 3] [--no-mongodb]

Submissions: 100 concurrent submitters use the writer; each waits for its answer before the next
one. Edits: 10 typists in the same way. A page: the latest 50 finished jobs of a room. The
baselines are bare sqlite3 on the same disk, with one synced and with one unsynced commit for each
row. The MongoDB is the stand-in of the tests, which differs from a real one; CODESYNC_TEST_MONGODB
names a real one.
"""

import argparse
import asyncio
import sqlite3
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

if not __package__:  # run as a file: what it imports lies beside its folder
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pymongo import AsyncMongoClient
from tests.mongodb import mongodb_stand_in

from benchmarks.figures import machine, percentile, show
from benchmarks.stored_jobs import OK, a_job, store_finished_jobs
from codesync_server.store.changes import AddEdit
from codesync_server.store.choice import choose_store
from codesync_server.store.contract import Store
from codesync_server.store.mongo.documents import Document, job_documents
from codesync_server.store.records import EditRecord, JobQuery
from codesync_server.store.writer import StoreWriter

SUBMITTERS, TYPISTS, PAGES = 100, 10, 100


async def rate(
    actors: int, seconds: float, act: Callable[[int], Awaitable[object]]
) -> tuple[int, float]:
    """Return how often concurrent tasks perform an action: in total, and per second."""
    numbers = count(1)
    done = 0
    until = perf_counter() + seconds

    async def actor() -> None:
        nonlocal done
        while perf_counter() < until:
            await act(next(numbers))
            done += 1

    began = perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(actors):
            tasks.create_task(actor())
    return done, done / (perf_counter() - began)


@asynccontextmanager
async def keeping(store: Store) -> AsyncGenerator[StoreWriter]:
    """A writer at work."""
    writer = StoreWriter(store, lambda _: None)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(writer.run())
        yield writer
        running.cancel()


async def of_store(address: str, jobs: int, seconds: float) -> dict[str, float]:
    """Measure one store."""
    store = choose_store(address)
    await store.open()
    await fill(store, address, jobs)
    page = await page_ms(store, jobs)
    async with keeping(store) as writer:
        writer.number_from(jobs)

        async def save(number: int) -> None:
            kept = writer.write(
                AddEdit("benchmark", 1, EditRecord(number, "key", number, b"x" * 40))
            )
            if kept is not None:
                await kept

        submitted = count(jobs + 1)
        accepted, acked = await rate(
            SUBMITTERS, seconds, lambda _: writer.accept(a_job(next(submitted)))
        )
        assert await store.last_order() == jobs + accepted
        _, saves = await rate(TYPISTS, seconds, save)
    await store.close()
    return {
        "acked_per_s": round(acked),
        "saves_per_s": round(saves),
        "history_page_ms": round(page, 2),
        "jobs": jobs,
    }


async def fill(store: Store, address: str, jobs: int) -> None:
    """Write finished jobs to a store at full speed."""
    if not address.startswith("mongodb"):
        await store_finished_jobs(store, jobs)
        return
    async with AsyncMongoClient[Document](address) as client:
        collection = client.get_default_database()["jobs"]
        ended = {"verdict": "ok", "explanation": OK.explanation}
        for first in range(1, jobs + 1, 5000):
            numbers = range(first, min(first + 5000, jobs + 1))
            rows = [job_documents(replace(a_job(number)))[0] | ended for number in numbers]
            await collection.insert_many(rows, ordered=False)


async def page_ms(store: Store, last: int) -> float:
    """Return the median time of the first page of history in milliseconds."""
    times: list[float] = []
    for _ in range(PAGES):
        began = perf_counter()
        page = (await store.jobs("benchmark", JobQuery(), before=last + 1, limit=50)).jobs
        times.append((perf_counter() - began) * 1000)
        assert len(page) == 50
    return percentile(times, 50)


def bare_sqlite(folder: Path, seconds: float) -> dict[str, float]:
    """Measure the baseline: one commit for each row, with and without a sync."""
    rates: dict[str, float] = {}
    for sync in ("FULL", "NORMAL"):
        db = sqlite3.connect(folder / f"bare-{sync}.db", isolation_level=None)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute(f"PRAGMA synchronous = {sync}")
        db.execute("CREATE TABLE jobs (id INTEGER PRIMARY KEY, data BLOB)")
        done, began = 0, perf_counter()
        while perf_counter() - began < seconds:
            done += 1
            db.execute("INSERT INTO jobs VALUES (?, ?)", (done, b"x" * 400))
        rates[f"bare_{sync.lower()}_per_s"] = round(done / (perf_counter() - began))
        db.close()
    return rates


async def measure(folder: Path, jobs: int, seconds: float, mongodb: str) -> dict[str, object]:
    """Measure."""
    figures: dict[str, object] = {"baseline": bare_sqlite(folder, seconds)}
    figures["sqlite"] = await of_store(str(folder / "rooms.db"), jobs, seconds)
    if mongodb:
        figures["mongodb"] = await of_store(f"{mongodb}benchmark", jobs, seconds)
    return {**figures, **machine()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--jobs", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--no-mongodb", action="store_true")
    args = parser.parse_args()
    with ExitStack() as stack:
        # Not in /tmp, which may be memory: what is synced must reach a disk.
        folder = Path(stack.enter_context(TemporaryDirectory(dir=Path.cwd())))
        mongodb = ""
        if not args.no_mongodb:
            mongodb = stack.enter_context(mongodb_stand_in(folder / "mongodb"))
        show(asyncio.run(measure(folder, args.jobs, args.seconds, mongodb)), as_json=args.json)


if __name__ == "__main__":
    main()
