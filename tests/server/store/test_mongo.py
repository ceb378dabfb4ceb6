"""What is special about MongoDB."""

import gc
import secrets

import pytest
from pymongo import AsyncMongoClient

from codesync_server.store.changes import AcceptJob
from codesync_server.store.contract import SCHEMA, StoreDown, StoreUnusable
from codesync_server.store.mongo import MongoStore
from codesync_server.store.mongo import lease as lease_module
from codesync_server.store.mongo import store as store_module
from tests.server.store.making import a_job, put


@pytest.fixture
def empty(mongodb: str) -> str:
    return f"{mongodb}test-{secrets.token_hex(8)}"


async def test_f39_a_second_server_is_refused_until_the_first_has_ended(empty: str) -> None:
    first = MongoStore(empty)
    await first.open()
    with pytest.raises(StoreUnusable, match="another codesync server"):
        await MongoStore(empty).open()
    reader = MongoStore(empty)
    await reader.open(alone=False)
    assert await reader.rooms() == []
    await reader.close()
    await first.close()
    second = MongoStore(empty)
    await second.open()
    await second.close()


async def held_by(address: str, process: str) -> None:
    """Leave a lease behind, as a server that was killed."""
    store = MongoStore(address)
    await store.open()
    name = address.rpartition("/")[2]
    async with AsyncMongoClient[dict[str, object]](address) as client:
        lease = await client[name]["leases"].find_one({"_id": "server"})
        await store.close()
        assert lease
        here = str(lease["process"]).rpartition("/")[0]
        await client[name]["leases"].insert_one(
            {**lease, "process": process.format(here=here), "owner": "somebody"}
        )


async def test_a_server_that_died_on_this_machine_gives_way_at_once(empty: str) -> None:
    await held_by(empty, "{here}/4194305")  # beyond the highest process id that there is
    store = MongoStore(empty)
    await store.open()
    await put(store, AcceptJob(a_job(1)))
    await store.close()


async def test_one_that_cannot_be_seen_gives_way_when_its_lease_has_run_out(
    empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease_module, "LEASE_SECONDS", 600.0)
    await held_by(empty, "another machine/1")
    with pytest.raises(StoreUnusable, match="another machine/1"):
        await MongoStore(empty).open()
    monkeypatch.setattr(lease_module, "LEASE_SECONDS", -1.0)
    other = f"{empty}-2"
    await held_by(other, "another machine/1")
    store = MongoStore(other)
    monkeypatch.setattr(lease_module, "LEASE_SECONDS", 15.0)
    await store.open()
    await store.close()


async def test_a_server_that_lost_its_lease_writes_no_more(
    empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "LEASE_SECONDS", 0.0)  # it must ask before each write
    store = MongoStore(empty)
    await store.open()
    await put(store, AcceptJob(a_job(1)))
    async with AsyncMongoClient[dict[str, object]](empty) as client:
        leases = client[empty.rpartition("/")[2]]["leases"]
        await leases.update_one({}, {"$set": {"owner": "somebody", "process": "elsewhere/1"}})
    with pytest.raises(StoreDown, match="another codesync server"):
        await store.write([AcceptJob(a_job(2))], surely=True)
    await store.close()
    async with AsyncMongoClient[dict[str, object]](empty) as client:
        kept = await client[empty.rpartition("/")[2]]["leases"].find_one({})
        assert kept
        assert kept["owner"] == "somebody", "another's lease is not given back"


async def test_data_of_a_later_version_is_refused(empty: str) -> None:
    async with AsyncMongoClient[dict[str, object]](empty) as client:
        meta = client[empty.rpartition("/")[2]]["meta"]
        await meta.insert_one({"_id": "schema", "version": SCHEMA + 1})
    with pytest.raises(StoreUnusable, match="a later codesync wrote"):
        await MongoStore(empty).open()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    "address",
    [
        "mongodb://user:secret@127.0.0.1:9/db",
        "mongodb://user:secret@127.0.0.1:9/db?nonsense=%zz",
        "mongodb://user:secret@/",
        "mongodb://user:secret@host:port:port/",
    ],
)
async def test_an_address_that_will_not_do_is_refused_and_its_password_not_shown(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "ANSWER_SECONDS", 0.5)
    store = MongoStore(address)
    with pytest.raises(StoreUnusable) as refusal:
        await store.open()
    assert "secret" not in f"{refusal.value} {store.about}"
    gc.collect()  # the driver leaves a socket behind that could not connect
