"""Properties of the MongoDB store."""

import gc
import secrets
from dataclasses import replace
from pathlib import Path

import pytest
from pymongo.asynchronous.collection import AsyncCollection

from codesync_server.store.changes import (
    AcceptJob,
    AddEdit,
    ForgetJob,
    SaveMember,
    SaveRoom,
    SaveText,
)
from codesync_server.store.contract import (
    SCHEMA,
    StoreMissing,
    StoreOutdated,
    StoreUnusable,
)
from codesync_server.store.mongo import MongoStore
from codesync_server.store.mongo import store as store_module
from codesync_server.store.mongo.documents import Database, Document
from codesync_server.store.records import JobQuery
from tests.mongodb import mongodb_stand_in
from tests.server.store.making import a_job, a_member, a_room, an_edit, job_id, put, ran
from tests.server.store.raw import raw


@pytest.fixture
def empty(mongodb: str) -> str:
    return f"{mongodb}test-{secrets.token_hex(8)}"


async def test_a_mongod_without_transactions_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with mongodb_stand_in(tmp_path, alone=True) as address:
        with pytest.raises(StoreUnusable, match=r"replica set.*--replSet rs0.*rs\.initiate"):
            await MongoStore(f"{address}den").open()


# Layouts.


async def test_data_of_a_later_version_is_refused(empty: str) -> None:
    async with raw(empty) as database:
        await database["meta"].insert_one({"_id": "schema", "version": SCHEMA + 1})
    with pytest.raises(StoreUnusable, match="a later codesync wrote"):
        await MongoStore(empty).open()


async def test_where_nothing_was_kept_yet_there_is_nothing_to_read(empty: str) -> None:
    with pytest.raises(StoreMissing, match="nothing is stored yet in MongoDB at"):
        await MongoStore(empty).open(alone=False)


async def as_layout_1(database: Database) -> None:
    """Make what is kept look as the first version wrote it."""
    folded = {"search": "", "search_result": "", "texts": ""}
    async for job in database["jobs"].find({}):
        size = {"$inc": {"size": -job["texts"]}}
        await database["jobs"].update_one({"_id": job["_id"]}, size)
    await database["jobs"].update_many({}, {"$unset": {**folded, "invite": ""}})
    await database["bodies"].update_many({}, {"$unset": {"ticket": ""}})
    added = {"is_present": "", "is_capped": "", "weight": ""}
    await database["members"].update_many({}, {"$unset": added})
    await database["meta"].update_one({"_id": "schema"}, {"$set": {"version": 1}})
    await database["leases"].replace_one(
        {"_id": "server"}, {"owner": "0" * 16, "process": "elsewhere/1", "expires": 0}
    )


async def test_the_first_layout_is_brought_up_to_date_by_whoever_writes(empty: str) -> None:
    store = MongoStore(empty)
    await store.open()
    await ran(store, *(a_job(n, text="größe") for n in range(1, 300)))
    await put(store, SaveRoom(a_room()), SaveMember("den", a_member()))
    counted = store.finished_bytes
    await store.close()
    async with raw(empty) as database:
        await as_layout_1(database)
        await database["bodies"].insert_one({"_id": job_id(999), "source": b"of no job"})
    with pytest.raises(StoreOutdated, match="layout 1"):
        await MongoStore(empty).open(alone=False)
    store = MongoStore(empty)
    await store.open()
    wanted = JobQuery(text="GRÖSSE", verdict="ok")
    assert len((await store.jobs("den", wanted, before=1000, limit=500)).jobs) == 299
    assert (
        len((await store.jobs("den", JobQuery(text="EXIT CODE"), before=1000, limit=500)).jobs)
        == 299
    )
    [job] = (await store.jobs("den", wanted, before=2, limit=9)).jobs
    assert job.invite == ""
    den = await store.room("den")
    assert den is not None
    assert store.finished_bytes == counted
    assert den.members == (replace(a_member(), is_present=False, is_capped=False),)
    assert await store.check() == []
    await store.close()


async def test_f02_members_of_layout_6_get_the_weight_by_which_they_are_sorted(empty: str) -> None:
    store = MongoStore(empty)
    await store.open()
    known = replace(a_member("known", seen_at=9.0), edits_taken=0, role="", is_capped=False)
    writer = replace(known, key="writer", edits_taken=3, seen_at=8.0)
    removed = replace(known, key="removed", removed="out", seen_at=7.0)
    host = replace(known, key="host", role="host", seen_at=6.0)
    crowd = [replace(known, key=f"{number}", seen_at=1.0) for number in range(450)]
    members = (removed, host, writer, known, *crowd)
    await put(store, SaveRoom(a_room()), *(SaveMember("den", each) for each in members))
    await store.close()
    async with raw(empty) as database:
        await database["members"].update_many({}, {"$unset": {"is_capped": "", "weight": ""}})
        await database["meta"].update_one({"_id": "schema"}, {"$set": {"version": 6}})
    with pytest.raises(StoreOutdated, match="layout 6"):
        await MongoStore(empty).open(alone=False)
    await store.open()
    den = await store.room("den")
    assert den is not None
    assert den.members[:4] == members[:4]
    assert len(den.members) == len(members)
    async with raw(empty) as database:
        assert await database["members"].count_documents({"weight": None}) == 0
    await store.close()


async def test_what_a_job_ran_goes_with_it(empty: str) -> None:
    store = MongoStore(empty)
    await store.open()
    await put(store, AcceptJob(a_job(1)), ForgetJob(job_id(1), "ticket"))
    async with raw(empty) as database:
        assert await database["bodies"].count_documents({}) == 0
        await database["bodies"].insert_one({"_id": job_id(2), "source": b"of no job"})
    assert await store.check() == [f"the source of job {job_id(2)} is there without the job"]
    await store.close()


# Addresses.


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    "address",
    [
        "mongodb://user:secret@127.0.0.1:9/db",
        "mongodb://user:secret@127.0.0.1:9/db?nonsense=%zz",
        "mongodb://user:secret@/",
        "mongodb://user:secret@host:port:port/",
        "mongodb://user:sec/secret@host/db",
        "mongodb://user:123/secret@host",
        "mongodb://user:s@secret@host/db",
        "mongodb://user:s%zzsecret@host/db",
        "mongodb://user:s?secret@host/db",
        "mongodb://user:123?secret=@host/db",
        "mongodb://host/db?tlsCertificateKeyFilePassword=secret&tls=perhaps",
        "mongodb://host/db?authMechanismProperties=secret",
        "mongodb://user:secret@host/db?tlsCAFile=/nonexistent/ca.pem",
        "mongodb://user:secret@host/db?tls=true&tlsCertificateKeyFile=/etc/passwd",
    ],
)
async def test_an_address_that_will_not_do_is_refused_and_its_password_not_shown(
    address: str, monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    monkeypatch.setattr(store_module, "ANSWER_SECONDS", 0.5)
    store = MongoStore(address)
    with pytest.raises(StoreUnusable) as refusal:
        await store.open()
    said = f"{refusal.value} {store.about} {[str(each.message) for each in recwarn]}"
    assert "secret" not in said
    gc.collect()  # the driver leaves a socket behind that could not connect


async def test_a_file_that_an_address_names_and_that_is_not_there_is_named() -> None:
    store = MongoStore("mongodb://host/db?tlsCAFile=/nonexistent/ca.pem")
    with pytest.raises(StoreUnusable, match=r"/nonexistent/ca\.pem .*: No such file"):
        await store.open()


# Reading.


async def test_what_is_read_while_somebody_writes_is_of_one_moment(
    empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = MongoStore(empty)
    await store.open()
    await put(store, SaveRoom(a_room()), SaveText("den", 1, 0, b"begun"))
    await put(store, *(AddEdit("den", 1, an_edit(index)) for index in (1, 2, 3)))
    meanwhile = [SaveText("den", 1, 2, b"saved")]
    find_one = AsyncCollection[Document].find_one

    async def and_then_it_is_saved(
        self: AsyncCollection[Document], *which: object
    ) -> Document | None:
        found = await find_one(self, *which)
        if self.name == "texts" and meanwhile:
            await put(store, meanwhile.pop())
        return found

    monkeypatch.setattr(AsyncCollection, "find_one", and_then_it_is_saved)
    kept = await store.room("den")
    assert kept is not None
    assert (kept.text.index, [edit.index for edit in kept.text.edits]) == (2, [3])
    await store.close()


@pytest.mark.parametrize("field", ["name", "language", "verdict"])
async def test_what_is_looked_for_by_one_thing_is_found_by_an_index(empty: str, field: str) -> None:
    store = MongoStore(empty)
    await store.open()
    await store.close()
    async with raw(empty) as database:
        plan = await (
            database["jobs"]
            .find({"room": "den", field: "x", "place": {"$gte": 1, "$lt": 200}})
            .sort("place", -1)
            .explain()
        )
    assert f"room_1_{field}_1_place_1" in str(plan["queryPlanner"]["winningPlan"])


async def test_old_jobs_are_found_by_an_index(empty: str) -> None:
    store = MongoStore(empty)
    await store.open()
    await store.close()
    async with raw(empty) as database:
        old = {"submitted_at": {"$lt": 9.0}}
        plan = await database["jobs"].find(old, {"verdict": 1}).explain()
    assert "submitted_at_1" in str(plan["queryPlanner"]["winningPlan"])
