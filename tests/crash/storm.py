"""Kills a real server at random times under load, and checks its promises.

    python -m tests.crash.storm --kills 200                      on SQLite
    python -m tests.crash.storm --kills 200 --store mongodb      on the MongoDB stand-in
    python -m tests.crash.storm --kills 200 --seed 7             the same decisions again

What was acknowledged must be there at the end: every accepted job in one final state, the one that
everybody was told, in the order of acceptance; every word of which its typist was told that the
server has it, once. It prints its seed and its figures as one JSON object.
"""

import argparse
import asyncio
import json
import random
import secrets
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from codesync_protocol.messages import Stream
from codesync_protocol.shared_text import SOURCE
from codesync_protocol.verdict import Verdict
from codesync_server.documents.document import Document
from codesync_server.store.choice import choose_store
from codesync_server.store.contract import Store
from tests.crash.mortal_server import MortalServer
from tests.crash.witnesses import Promises, Witness
from tests.mongodb import mongodb_stand_in
from tests.waiting import eventually

ROOMS = ("room-one", "room-two")
ARGUMENTS = ("--executor=local", "--max-concurrent=3", "--queue-per-member=20", "--drain-seconds=2")
LIFE_WORK = (0, 30)
"""How many acknowledgements the server gives before it is killed: anything between, for those who
were cut off need a while until they are back; and then it lives for a moment more."""

LIFE_SECONDS = 5.0
"""It does not live for longer than this and that moment."""

MOMENT_SECONDS = 0.3

SETTLE_SECONDS = 120.0


@dataclass(slots=True)
class Outcome:
    """What came of it.

    Attributes:
        seed: decides everything that is left to chance here.
        kills: how often the server was killed.
        accepted: jobs that were acknowledged.
        refused: why others were not.
        conflicts: why typists were asked what is to become of their words.
        losses: what they missed when they were back.
        unsaved: how often members were told that nothing is kept.
        words: typed words that were acknowledged.
        verdicts: how the acknowledged jobs ended.
        broken: promises that were not kept, a sentence each.
    """

    seed: int
    kills: int
    accepted: int = 0
    refused: Counter[str] = field(default_factory=Counter[str])
    conflicts: Counter[str] = field(default_factory=Counter[str])
    losses: list[str] = field(default_factory=list[str])
    words: int = 0
    unsaved: int = 0
    verdicts: Counter[str] = field(default_factory=Counter[str])
    broken: list[str] = field(default_factory=list[str])


async def storm(folder: Path, store: str, *, kills: int, seed: int) -> Outcome:
    """Let members work in two rooms while their server is killed again and again.

    Args:
        folder: for the server's files.
        store: the --store.
        kills: how often it is killed.
        seed: decides everything that is left to chance here.
    """
    chance = random.Random(seed)
    server, promises = MortalServer(folder, store, *ARGUMENTS), Promises()
    await server.start()
    try:
        texts = await _live(server, promises, chance, kills)
    finally:
        await server.stop()
    outcome = Outcome(
        seed,
        kills,
        refused=promises.refused,
        conflicts=promises.conflicts,
        losses=promises.losses,
        unsaved=promises.unsaved,
    )
    kept = choose_store(store)
    await kept.open()
    try:
        await _judge_jobs(kept, promises, outcome)
        for name in ROOMS:
            await _judge_text(kept, name, texts[name], promises, outcome)
    finally:
        await kept.close()
    return outcome


async def _live(
    server: MortalServer, promises: Promises, chance: random.Random, kills: int
) -> dict[str, set[str]]:
    over = asyncio.Event()
    async with AsyncExitStack() as stack:
        witnesses = [
            await stack.enter_async_context(_witness(server, room, f"{room}-{n}", promises, chance))
            for room in ROOMS
            for n in range(4)
        ]
        async with asyncio.TaskGroup() as work:
            for number, witness in enumerate(witnesses):
                act = witness.type if number % 2 else witness.submit
                work.create_task(act(lambda: not over.is_set()))
            for _ in range(kills):
                await _live_a_while(promises, chance)
                await server.kill()
                promises.life += 1
                await server.start()
            over.set()
        await _settle(witnesses, promises)
        return {room: _texts(witnesses, room) for room in ROOMS}


async def _live_a_while(promises: Promises, chance: random.Random) -> None:
    enough = promises.count + chance.randint(*LIFE_WORK)
    with suppress(TimeoutError):
        await eventually(lambda: promises.count >= enough, LIFE_SECONDS)
    await asyncio.sleep(chance.uniform(0.0, MOMENT_SECONDS))


@asynccontextmanager
async def _witness(
    server: MortalServer, room: str, name: str, promises: Promises, chance: random.Random
) -> AsyncGenerator[Witness]:
    witness = Witness(server.link(room), name, promises, random.Random(chance.random()))
    async with witness.room, asyncio.TaskGroup() as watching:
        watch = watching.create_task(witness.watch())
        yield witness
        watch.cancel()


async def _settle(witnesses: list[Witness], promises: Promises) -> None:
    """Wait until everybody has everything, and every accepted job has ended."""
    accepted = {job for jobs in promises.accepted.values() for job in jobs}
    for witness in witnesses:
        async with asyncio.timeout(SETTLE_SECONDS):
            await witness.room.text_settled()
        await eventually(partial(_is_quiet, witness), SETTLE_SECONDS)
    for name in ROOMS:
        await eventually(partial(_agree, witnesses, name), SETTLE_SECONDS)
    assert accepted


def _is_quiet(witness: Witness) -> bool:
    return witness.room.connected and not witness.room.queue.jobs


def _agree(witnesses: list[Witness], room: str) -> bool:
    return len(_texts(witnesses, room)) == 1


def _texts(witnesses: list[Witness], room: str) -> set[str]:
    return {w.room.document.text(SOURCE) for w in witnesses if w.room.link.room == room}


async def _judge_jobs(store: Store, promises: Promises, outcome: Outcome) -> None:
    broken = outcome.broken
    for name, jobs in promises.accepted.items():
        places: list[int] = []
        for job in jobs:
            outcome.accepted += 1
            record = await store.job(job)
            if record is None or record.result is None:
                broken.append(f"{job} of {name}: " + ("no end" if record else "not there"))
                continue
            places.append(record.order)
            outcome.verdicts[record.result.verdict] += 1
            told = promises.ended[job]
            if told - {record.result}:
                broken.append(f"{job} ended as {record.result}, but somebody was told {told}")
            if record.result.verdict is Verdict.OK:
                runs = await store.output(job)
                wrote = b"".join(run.data for run in runs if run.stream is Stream.STDOUT)
                if wrote != promises.prints.get(job, b""):
                    broken.append(f"{job} wrote {wrote!r}")
        if places != sorted(places):
            broken.append(f"the jobs of {name} are not in the order of their acceptance")
    broken += [f"job {record.id} was not ended" for record in await store.unfinished()]
    broken += await store.check()


async def _judge_text(
    store: Store, name: str, texts: set[str], promises: Promises, outcome: Outcome
) -> None:
    kept = await store.room(name)
    assert kept
    text = Document.restored(kept.text.state, [edit.data for edit in kept.text.edits], []).texts[
        SOURCE
    ]
    outcome.words += len(promises.tokens[name])
    if texts != {text}:
        outcome.broken.append(f"what is kept of {name} is not what its members have")
    for token in promises.tokens[name]:
        if (times := text.count(token)) != 1:
            outcome.broken.append(f"{token} is {times} times in {name}")


async def run(store: str, *, kills: int, seed: int) -> Outcome:
    """Run a storm on a store of its own: "sqlite", "mongodb", or an address."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        address = {"sqlite": str(folder / "rooms.db")}.get(store, store)
        if store == "mongodb":
            server = stack.enter_context(mongodb_stand_in(folder / "mongodb"))
            address = f"{server}storm"
        return await storm(folder, address, kills=kills, seed=seed)


def main() -> int:
    """Run it, and print what came of it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 32))
    parser.add_argument(
        "--store", default="sqlite", help="sqlite, mongodb (the stand-in), or an address"
    )
    args = parser.parse_args()
    print(f"seed {args.seed}", flush=True)
    outcome = asyncio.run(run(args.store, kills=args.kills, seed=args.seed))
    print(
        json.dumps(
            {
                "store": args.store,
                "seed": outcome.seed,
                "kills": outcome.kills,
                "accepted": outcome.accepted,
                "refused": dict(outcome.refused),
                "conflicts": dict(outcome.conflicts),
                "losses": outcome.losses,
                "words": outcome.words,
                "unsaved": outcome.unsaved,
                "verdicts": dict(outcome.verdicts),
                "broken": outcome.broken,
            }
        )
    )
    return 1 if outcome.broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
