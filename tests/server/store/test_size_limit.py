"""H12: a store stays within `keep_bytes` with every write, also after reopening."""

import asyncio
import random
from dataclasses import replace

import pytest

from codesync_protocol.verdict import Result, Verdict
from codesync_server.jobs.job_records import UNREAD_STDIN_MAX, record_of, stored_source_of
from codesync_server.store.changes import AcceptJob, FinishJob, SaveMember, SaveRoom
from codesync_server.store.choice import choose_store
from codesync_server.store.contract import MEMBERS_KEPT, Retention, Store
from codesync_server.store.largest_share import LargestShare, Part
from codesync_server.store.packing import EXCERPT_CHARS
from codesync_server.store.records import JobQuery, JobSource
from codesync_server.store.writer import StoreWriter
from tests.server.making import make_job
from tests.server.store.making import (
    ALL,
    LATE,
    a_job,
    a_member,
    a_room,
    finished,
    ids,
    job_id,
    put,
    ran,
)

BOUND = 100_000
SECONDS = 60
AT_A_TIME = 50


def noise(size: int, seed: int) -> bytes:
    """Bytes that do not compress."""
    return random.Random(seed).randbytes(size)


async def write_jobs(writer: StoreWriter, first: int, count: int, size: int) -> None:
    """Accept jobs one after the other and finish each."""
    for number in range(first, first + count):
        record = a_job(number)
        source = JobSource((("main.py", noise(size, number)),))
        await writer.accept(replace(record, source=source))
        for change in finished(number):
            writer.write(change)
        assert await writer.settle(SECONDS)


async def test_h12_the_store_stays_within_its_bound_with_every_write(store: Store) -> None:
    writer = StoreWriter(store, lambda _: None, bytes_max=BOUND)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(writer.run())
        for number in range(1, 31):
            await write_jobs(writer, number, 1, 10_000)
            assert store.finished_bytes <= BOUND
        running.cancel()
    kept = await ids(store)
    assert kept == list(range(30, 30 - len(kept), -1)), "the oldest went first"
    assert 5 <= len(kept) <= 9
    assert await store.check() == []


async def test_h12_what_is_kept_is_counted_again_when_a_store_is_opened(address: str) -> None:
    if address == "memory":
        pytest.skip("nothing outlives it")
    store = choose_store(address)
    await store.open()
    await ran(store, *(a_job(number) for number in range(1, 6)))
    counted = store.finished_bytes
    assert counted > 0
    await store.close()
    again = choose_store(address)
    await again.open()
    assert again.finished_bytes == counted
    assert await again.prune_to(counted // 2, 1) == 1
    assert again.finished_bytes < counted
    assert await again.prune(Retention(bytes_max=0), frozenset()) == 4
    assert again.finished_bytes == 0
    await again.close()


async def test_h12_few_jobs_are_deleted_at_a_time_and_none_that_has_not_ended(
    store: Store,
) -> None:
    await put(store, AcceptJob(a_job(1)))
    await ran(store, *(a_job(number) for number in range(2, 8)))
    assert await store.prune_to(0, 4) == 4
    assert await ids(store) == [7, 6]
    assert await store.prune_to(0, 4) == 2
    assert await store.prune_to(0, 4) == 0
    assert store.finished_bytes == 0
    assert [each.id for each in await store.unfinished()] == [job_id(1)]


async def ran_by(store: Store, first: int, count: int, room: str, invite: str) -> None:
    """Keep finished jobs of one room and invite, each with 10 kB."""
    for number in range(first, first + count):
        record = replace(a_job(number, room=room), invite=invite)
        source = JobSource((("main.py", noise(10_000, number)),))
        await ran(store, replace(record, source=source))


async def kept_of(store: Store, room: str) -> list[int]:
    found = (await store.jobs(room, JobQuery(), before=ALL, limit=50)).jobs
    return [job.order for job in found]


async def test_h12_the_jobs_of_one_room_never_displace_those_of_another(store: Store) -> None:
    await ran_by(store, 1, 3, "den", "ana's link")
    await ran_by(store, 4, 9, "lab", "eve's link")
    await store.prune_to(65_000, 50)
    assert await kept_of(store, "den") == [3, 2, 1]
    assert await kept_of(store, "lab") == [12, 11, 10]
    await store.prune(Retention(bytes_max=25_000), frozenset())
    assert (len(await kept_of(store, "den")), len(await kept_of(store, "lab"))) == (1, 1)
    assert await store.check() == []


async def test_h12_the_jobs_of_one_invite_never_displace_those_of_another(store: Store) -> None:
    await ran_by(store, 1, 1, "den", "")  # of a store that kept no invites
    await ran_by(store, 2, 2, "den", "ana's link")
    await ran_by(store, 4, 9, "den", "eve's link")
    assert await store.prune_to(60_000, 50) == 7
    assert await kept_of(store, "den") == [12, 11, 3, 2, 1]
    assert await store.prune_to(15_000, 50) == 4
    assert len(await kept_of(store, "den")) == 1


def test_h12_the_largest_part_gives_first() -> None:
    share = LargestShare([(("den", "a"), 3), (("den", "b"), 4), (("lab", "c"), 5)])
    deleted: list[Part] = []
    while part := share.next():
        deleted.append(part)
        share.delete(1)
    assert deleted[0] == ("den", "b")
    assert [part[0] for part in deleted[:3]].count("den") >= 2
    assert (len(deleted), share.left) == (12, 0)


async def test_h12_a_large_input_of_a_job_that_never_ran_is_not_kept(store: Store) -> None:
    job = make_job(1, room="den", source=b"print(1)", prepared=noise(10 << 20, 1))
    record = replace(record_of(job, 1), order=1, ticket="a")
    await put(store, SaveRoom(a_room()), AcceptJob(record))
    ended = Result(Verdict.CANCELLED, "cancelled before it ran")
    await put(store, FinishJob(job.id, ended, "ana", (), stored_source_of(job)))
    assert store.finished_bytes < UNREAD_STDIN_MAX
    kept = await store.job(job.id, with_source=True)
    assert kept
    assert kept.source
    assert (kept.source.files, kept.source.prepared) == ((("main.py", b"print(1)"),), b"")


def test_h12_the_input_of_a_job_that_ran_is_kept() -> None:
    job = make_job(1, prepared=bytes(UNREAD_STDIN_MAX + 1))
    assert stored_source_of(job) is not None
    job.attempts = 1
    assert stored_source_of(job) is None
    assert stored_source_of(make_job(2, prepared=b"short")) is None


async def test_h12_members_beyond_those_that_a_room_knows_are_deleted(store: Store) -> None:
    await put(store, SaveRoom(a_room()))
    crowd = [
        SaveMember("den", a_member(f"{number:032x}", seen_at=float(number)))
        for number in range(MEMBERS_KEPT + 30)
    ]
    for start in range(0, len(crowd), AT_A_TIME):
        await put(store, *crowd[start : start + AT_A_TIME])
    await put(store, SaveMember("lab", a_member("f" * 32)))
    await store.prune(Retention(), frozenset())
    room = await store.room("den")
    assert room
    assert len(room.members) == MEMBERS_KEPT
    assert room.members[0].seen_at == MEMBERS_KEPT + 29


async def test_h11_new_members_displace_none_about_whom_a_host_decided(store: Store) -> None:
    await put(store, SaveRoom(a_room()))
    removed = replace(a_member("removed", seen_at=3.0), removed="out", role="")
    promoted = replace(a_member("promoted", seen_at=2.0), role="host", is_capped=False)
    gone = replace(a_member("gone", seen_at=1.0), removed="out", edits_taken=0)
    writer = replace(a_member("writer", seen_at=0.0), role="", is_capped=False)
    crowd = [a_member(f"{number}", edits_taken=0, seen_at=9.0) for number in range(MEMBERS_KEPT)]
    assert all(each.role and each.is_capped for each in crowd), "by an old link, under a new key"
    decided = (removed, promoted, gone, writer)
    await put(store, *(SaveMember("den", each) for each in (*decided, *crowd)))
    await store.prune(Retention(), frozenset())
    room = await store.room("den")
    assert room
    assert len(room.members) == MEMBERS_KEPT
    assert room.members[:4] == decided


async def test_h12_the_texts_that_are_searched_count(store: Store) -> None:
    long = "x" * EXCERPT_CHARS
    source = JobSource((("a", b""),))
    await ran(store, replace(a_job(1, text="x"), source=source))
    short_bytes = store.finished_bytes
    await ran(store, replace(a_job(2, text=long), source=source))
    long_bytes = store.finished_bytes - short_bytes
    assert long_bytes - short_bytes == 2 * (EXCERPT_CHARS - 1), "in the excerpt and its key"
    await put(store, AcceptJob(a_job(3, text=long)))
    await put(store, FinishJob(job_id(3), LATE, "", (), JobSource((("a", b""),))))
    last_bytes = store.finished_bytes - short_bytes - long_bytes
    assert 2 * EXCERPT_CHARS < last_bytes < 3 * EXCERPT_CHARS, "also when its input is not kept"
    assert await store.prune_to(long_bytes + last_bytes, 9) == 1
    assert await ids(store) == [3, 2]
    assert store.finished_bytes == long_bytes + last_bytes
