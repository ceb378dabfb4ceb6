"""What is exported can be imported, and changes nothing of what is there."""

import io
from dataclasses import replace

import msgspec
import pytest

from codesync_server.limits import RUN
from codesync_server.store.changes import (
    AcceptJob,
    AddEdit,
    Change,
    FinishJob,
    SaveMember,
    SaveRoom,
    SaveText,
)
from codesync_server.store.contract import Store
from codesync_server.store.exchange import RoomsThere, export, load
from codesync_server.store.records import (
    EditRecord,
    JobRecord,
    KeptRoom,
    MemberRecord,
    Source,
    TextRecord,
)
from codesync_server.store.sqlite import SqliteStore
from codesync_server.store.survey import BadExport, ExportedJob, Line
from tests.server.store.making import OK, a_job, a_room, job_id, put, wrote

KEY = "0123456789abcdef" * 2


def job(number: int, room: str = "den") -> JobRecord:
    return replace(a_job(number, room=room), title="Größe.py", owner=KEY, ticket="0a")


def life_of_a_room(name: str = "den", first: int = 1) -> list[Change]:
    """A room in which somebody wrote and ran things, of which one waits."""
    member = MemberRecord(KEY, 7, "Zoë 世界", 4_000_000_000, 3, "viewer", "", 1_000.0)
    return [
        SaveRoom(replace(a_room(name, used_at=1_000.0 - first), text="ab12")),
        SaveMember(name, member),
        SaveText(name, 2, 3, b"state"),
        *(AddEdit(name, 2, EditRecord(index, KEY, index, b"edit")) for index in (4, 5)),
        AcceptJob(job(first, name)),
        FinishJob(job_id(first), OK, "ben", (wrote(b"hello\n"),)),
        AcceptJob(job(first + 1, name)),
    ]


async def exported(store: Store) -> bytes:
    return b"".join([line async for line in export(store)])


async def other_store(*changes: Change) -> SqliteStore:
    store = SqliteStore(None)
    await store.open()
    await put(store, *changes)
    return store


async def test_what_is_imported_is_what_was_exported(store: Store) -> None:
    other = await other_store(*life_of_a_room(), *life_of_a_room("lab", 3))
    content = await exported(other)
    await other.close()
    assert await load(store, io.BytesIO(content)) == (2, 4)
    assert await exported(store) == content
    assert await store.check() == []


async def test_rooms_that_are_there_are_refused_and_nothing_is_changed(store: Store) -> None:
    """Nobody who was removed is back, no text is that of yesterday, and no place is taken twice."""
    await put(store, *life_of_a_room())
    yesterday = await exported(store)
    member = MemberRecord(KEY, 7, "Zoë", 4_000_000_000, 9, "viewer", "ana removed you", 2_000.0)
    await put(store, SaveMember("den", member), AddEdit("den", 2, EditRecord(6, KEY, 6, b"edit")))
    today = await exported(store)
    other = await other_store(*life_of_a_room(), *life_of_a_room("lab", 3))
    both = await exported(other)
    await other.close()
    for content in (yesterday, both):
        with pytest.raises(RoomsThere, match=r"^den$"):
            await load(store, io.BytesIO(content))
    assert await exported(store) == today


async def test_an_import_that_was_broken_off_is_begun_again(store: Store) -> None:
    other = await other_store(*life_of_a_room())
    content = await exported(other)
    await other.close()
    await put(store, AcceptJob(job(1)), FinishJob(job_id(1), OK, "ben", (wrote(b"hello\n"),)))
    assert await load(store, io.BytesIO(content)) == (1, 1)
    assert await exported(store) == content


async def test_a_job_of_another_room_that_has_the_same_id_stays_as_it_is(store: Store) -> None:
    await put(store, SaveRoom(a_room("lab")), AcceptJob(job(1, "lab")))
    other = await other_store(*life_of_a_room())
    await load(store, io.BytesIO(await exported(other)))
    await other.close()
    kept = await store.job(job_id(1))
    assert kept is not None
    assert (kept.room, kept.result) == ("lab", None)


# What cannot be an export.


def line(content: object) -> bytes:
    return msgspec.json.encode(content) + b"\n"


HEAD = line({"codesync_store": 1})
ROOM = KeptRoom(replace(a_room(), text="ab12"), (), TextRecord(), 0)


def room(**changes: object) -> bytes:
    return line(Line(room=replace(ROOM, **changes)))  # type: ignore[arg-type]


def room_called(name: str) -> bytes:
    return room(room=replace(ROOM.room, name=name))


def member(**changes: object) -> bytes:
    known = MemberRecord(KEY, 7, "ana", 1, 3, "viewer", "", 1_000.0)
    return room(members=(replace(known, **changes),))  # type: ignore[arg-type]


def job_line(**changes: object) -> bytes:
    return line(Line(job=ExportedJob(replace(job(1), **changes))))  # type: ignore[arg-type]


def source(**changes: object) -> Source:
    return msgspec.structs.replace(job(1).source or Source(()), **changes)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        line({"codesync_store": 99}),
        room(),
        HEAD + b'{"job": 3}\n',
        HEAD + b"[" * 100_000,
        HEAD + room() * 2,
        HEAD + room() + job_line() * 2,
        HEAD + room() + job_line() + job_line(id=job_id(2)),
        HEAD + job_line(),
        HEAD + room_called("../x"),
        HEAD + room_called("\x1b]0;owned\x07"),
        HEAD + room_called("Den"),
        HEAD + room_called("den\n"),
        HEAD + member(name="\x1b[31mred"),
        HEAD + member(name="\u202egnp"),
        HEAD + member(role="owner"),
        HEAD + member(key="../x"),
        HEAD + member(edits_taken=-1),
        HEAD + member(removed="\x1b[2J"),
        HEAD + member(seen_at=1e300),
        HEAD + room() + job_line(id="../x"),
        HEAD + room() + job_line(room="../x"),
        HEAD + room() + job_line(place=0),
        HEAD + room() + job_line(name="\x1b[31mred"),
        HEAD + room() + job_line(cancelled_by="\x1b[31mred"),
        HEAD + room() + job_line(source=None),
        HEAD + room() + job_line(source=Source(())),
        HEAD + room() + job_line(source=source(files=(("../x", b""),))),
        HEAD + room() + job_line(source=source(files=(("/etc/passwd", b""),))),
        HEAD + room() + job_line(source=source(args=(b"a\0b",))),
        HEAD + room() + job_line(source=source(limits=replace(RUN, memory=1 << 60))),
    ],
)
async def test_a67_what_no_store_of_ours_exports_is_refused_and_nothing_of_it_imported(
    content: bytes,
) -> None:
    store = await other_store()
    with pytest.raises(BadExport):
        await load(store, io.BytesIO(content))
    assert await store.rooms() == []
    assert [each async for each in store.all_jobs()] == []
    await store.close()


async def test_foreign_text_that_is_always_shown_harmlessly_may_be_anything() -> None:
    store = await other_store()
    content = HEAD + room() + job_line(title="\x1b[31m.py", excerpt="\0\x1b")
    assert await load(store, io.BytesIO(content)) == (1, 1)
    await store.close()
