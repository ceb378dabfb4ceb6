"""One server at a time writes to a MongoDB; one that lost its lease never writes again."""

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator

import pytest
from pymongo.uri_parser import parse_uri

from codesync_server.store.changes import AcceptJob, AddEdit, FinishJob, SaveRoom, SaveText
from codesync_server.store.contract import Retention, StoreLost, StoreUnavailable, StoreUnusable
from codesync_server.store.mongo import MongoStore
from codesync_server.store.mongo import store as store_module
from codesync_server.store.records import TextRecord
from tests.proxy import Proxy, proxy_to
from tests.server.store.making import LATE, OK, a_job, a_room, an_edit, finished, job_id, put, wrote
from tests.server.store.raw import raw
from tests.waiting import SECONDS

NO_SUCH_PROCESS = 4194305
"""Beyond the highest process id that there is."""


@pytest.fixture
def empty(mongodb: str) -> str:
    return f"{mongodb}test-{secrets.token_hex(8)}"


@pytest.fixture
async def first(empty: str) -> AsyncGenerator[MongoStore, None]:
    """A server's store, open for writing."""
    store = MongoStore(empty)
    await store.open()
    yield store
    await store.close()


async def run_out(address: str) -> None:
    """Let so much time pass that whoever has the lease has it no longer."""
    async with raw(address) as database:
        await database["leases"].update_one({}, {"$set": {"expires": 0}})


async def take_over(address: str) -> MongoStore:
    """Be the server that comes when the first could not be seen for a while."""
    await run_out(address)
    second = MongoStore(address)
    await second.open()
    return second


async def held_by(address: str, process: str) -> None:
    """Leave a lease behind, as a server that was killed."""
    store = MongoStore(address)
    await store.open()
    async with raw(address) as database:
        lease = await database["leases"].find_one({})
        await store.close()
        assert lease
        here = str(lease["process"]).rpartition("/")[0]
        await database["leases"].replace_one(
            {"_id": "server"}, {**lease, "process": process.format(here=here)}
        )


async def test_f39_a_second_server_is_refused_until_the_first_has_ended(empty: str) -> None:
    first = MongoStore(empty)
    await first.open()
    with pytest.raises(StoreUnusable, match="another codesync server"):
        await MongoStore(empty).open()
    reader = MongoStore(empty)
    await reader.open(alone=False)
    assert await reader.rooms(limit=9) == []
    with pytest.raises(StoreUnavailable):
        await reader.write([AcceptJob(a_job(1))], surely=True)
    await reader.close()
    await first.close()
    second = MongoStore(empty)
    await second.open()
    await second.close()


async def test_a_server_that_died_on_this_machine_gives_way_at_once(empty: str) -> None:
    await held_by(empty, f"{{here}}/{NO_SUCH_PROCESS}")
    store = MongoStore(empty)
    await store.open()
    await put(store, AcceptJob(a_job(1)))
    await store.close()


async def test_it_gives_way_also_if_it_died_while_it_wrote(empty: str) -> None:
    await held_by(empty, f"{{here}}/{NO_SUCH_PROCESS}")
    async with raw(empty) as database, database.client.start_session() as session:
        await database["leases"].update_one({}, {"$set": {"session": session.session_id}})
        await session.start_transaction()
        await database["leases"].update_one({}, {"$inc": {"writes": 1}}, session=session)
        store = MongoStore(empty)
        await store.open()
        await put(store, AcceptJob(a_job(1)))
        await store.close()


async def test_one_that_cannot_be_seen_gives_way_when_its_lease_has_run_out(empty: str) -> None:
    await held_by(empty, "another machine/1")
    with pytest.raises(StoreUnusable, match="another machine/1"):
        await MongoStore(empty).open()
    await (await take_over(empty)).close()


async def test_a_server_that_writes_nothing_keeps_its_lease(
    empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "RENEW_SECONDS", 0.01)
    store = MongoStore(empty)
    await store.open()
    async with raw(empty) as database, asyncio.timeout(SECONDS):
        await run_out(empty)
        while await database["leases"].find_one({"expires": 0}):
            pass
    await store.close()


async def test_f39_a_server_that_was_deposed_writes_nothing_any_more(
    empty: str, first: MongoStore
) -> None:
    await put(first, AcceptJob(a_job(1)), *finished(1))
    second = await take_over(empty)
    with pytest.raises(StoreLost, match="another codesync server has taken over"):
        await first.write([AcceptJob(a_job(2))], surely=True)
    with pytest.raises(StoreLost):
        await first.prune(Retention(jobs_seconds=0.0), frozenset())
    await first.close()
    assert await second.unfinished() == []
    assert await second.job(job_id(1))
    with pytest.raises(StoreUnusable, match="another codesync server"):
        await MongoStore(empty).open()  # the lease was not the first one's to give back
    await second.close()


async def test_f39_it_stays_deposed_also_when_the_other_has_ended(
    empty: str, first: MongoStore
) -> None:
    second = await take_over(empty)
    await put(second, AcceptJob(a_job(1)))
    await second.close()
    for _ in range(2):
        with pytest.raises(StoreLost):
            await first.write([AcceptJob(a_job(2))], surely=True)
    assert await first.unfinished() == [a_job(1)]


async def test_f39_it_notices_also_when_it_has_nothing_to_write(
    empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "RENEW_SECONDS", 0.01)
    first = MongoStore(empty)
    await first.open()
    async with raw(empty) as database:
        await database["leases"].update_one({}, {"$inc": {"epoch": 1}})
    async with asyncio.timeout(SECONDS):
        with pytest.raises(StoreLost):
            await first.guard()
    await first.close()


@pytest.mark.parametrize("jump", [3600.0, -3600.0], ids=["ahead", "back"])
async def test_f31_a_server_whose_clock_is_wrong_neither_gets_the_lease_nor_loses_it(
    empty: str, first: MongoStore, monkeypatch: pytest.MonkeyPatch, jump: float
) -> None:
    right = time.time
    monkeypatch.setattr(time, "time", lambda: right() + jump)
    with pytest.raises(StoreUnusable, match="another codesync server"):
        await MongoStore(empty).open()
    await put(first, AcceptJob(a_job(1)))
    assert await first.unfinished() == [a_job(1)]


@pytest.fixture
async def line(mongodb: str, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Proxy, None]:
    """A line to the database that can be cut."""
    monkeypatch.setattr(store_module, "ANSWER_SECONDS", 1.0)
    [(_, port)] = parse_uri(mongodb)["nodelist"]
    async with proxy_to(port) as proxy:
        yield proxy


async def test_f39_what_was_on_its_way_when_another_took_over_does_not_arrive(
    empty: str, line: Proxy
) -> None:
    first = MongoStore(
        f"mongodb://127.0.0.1:{line.port}/{empty.rpartition('/')[2]}?directConnection=true"
    )
    await first.open()
    await put(first, SaveRoom(a_room()), SaveText("den", 1, 0, b"begun"), AcceptJob(a_job(1)))
    line.stall()
    with pytest.raises(StoreUnavailable):
        await first.write(
            [SaveText("den", 1, 500, b"stale"), FinishJob(job_id(1), LATE, "", (wrote(b"stale"),))],
            surely=True,
        )
    second = await take_over(empty)
    edits = [an_edit(index, b"acknowledged") for index in range(1, 4)]
    await put(second, *(AddEdit("den", 1, each) for each in edits))
    line.flow()
    with pytest.raises(StoreLost):  # behind what was on its way
        await first.write([SaveText("den", 1, 600, b"stale")], surely=True)
    await put(second, FinishJob(job_id(1), OK, "", (wrote(b"hello\n"),)))
    kept, job = await second.room("den"), await second.job(job_id(1))
    assert kept is not None
    assert kept.text == TextRecord(1, 0, b"begun", tuple(edits))
    assert job is not None
    assert job.result == OK
    assert await second.output(job_id(1)) == (wrote(b"hello\n"),)
    await first.close()
    await second.close()


async def test_f21_a_line_that_is_cut_while_it_writes_costs_the_store_a_moment(
    empty: str, line: Proxy
) -> None:
    store = MongoStore(
        f"mongodb://127.0.0.1:{line.port}/{empty.rpartition('/')[2]}?directConnection=true"
    )
    await store.open()
    await put(store, AcceptJob(a_job(1)))
    line.stall(up=False)  # what is asked arrives, and what is answered does not
    with pytest.raises(StoreUnavailable):
        await store.write([AcceptJob(a_job(2))], surely=True)
    line.cut()
    line.flow()
    async with asyncio.timeout(SECONDS):
        assert await store.write([AcceptJob(a_job(2))], surely=True) in ({}, {job_id(2): a_job(2)})
    assert [job.order for job in await store.unfinished()] == [1, 2]
    await store.close()
