"""An export can be imported, and an import changes no existing record."""

import io
import time
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from codesync_protocol.limits import MIB
from codesync_protocol.messages import Role, Stream
from codesync_protocol.verdict import Verdict
from codesync_server.configuration.limits import RUN
from codesync_server.configuration.settings import Settings
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
from codesync_server.store.export_import import IMPORTED, RoomsExist, export, import_lines
from codesync_server.store.import_check import ExportedJob, ExportLine, InvalidExport
from codesync_server.store.records import (
    EditRecord,
    JobQuery,
    JobRecord,
    JobSource,
    MemberRecord,
    OutputRun,
    StoredRoom,
    TextRecord,
)
from codesync_server.store.sqlite import SqliteStore
from tests.server.store.making import ALL, OK, a_job, a_room, job_id, put, wrote
from tests.servers import running_server

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
    assert await import_lines(store, io.BytesIO(content)) == (2, 4)
    assert await exported(store) == without_power(content)
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
        with pytest.raises(RoomsExist, match=r"^den$"):
            await import_lines(store, io.BytesIO(content))
    assert await exported(store) == today


async def test_an_import_that_was_broken_off_is_begun_again(store: Store) -> None:
    other = await other_store(*life_of_a_room())
    content = await exported(other)
    await other.close()
    await put(store, AcceptJob(job(1)), FinishJob(job_id(1), OK, "ben", (wrote(b"hello\n"),)))
    assert await import_lines(store, io.BytesIO(content)) == (1, 1)
    assert await exported(store) == without_power(content)


async def test_h14_what_had_not_ended_is_lost_and_nothing_is_left_to_run(store: Store) -> None:
    other = await other_store(*life_of_a_room())
    await import_lines(store, io.BytesIO(await exported(other)))
    await other.close()
    assert await store.unfinished() == []
    ended = [
        each.result for each in (await store.jobs("den", JobQuery(), before=ALL, limit=10)).jobs
    ]
    assert [result.verdict for result in ended if result] == [Verdict.LOST, Verdict.OK]


async def test_h14_a_server_runs_no_imported_job(tmp_path: Path) -> None:
    path = tmp_path / "rooms.db"
    store = SqliteStore(path)
    await store.open()
    trap = tmp_path / "ran"
    code = f"open({str(trap)!r}, 'w')".encode()
    evil = job_line(source=JobSource(files=(("main.py", code),)), submitted_at=time.time())
    lately = replace(ROOM.room, used_at=time.time())  # a room of long ago would be pruned
    assert await import_lines(store, io.BytesIO(HEAD + room(room=lately) + evil)) == (1, 1)
    await store.close()
    settings = Settings(port=0, executor="local", store=str(path), drain_seconds=1.0)
    async with running_server(settings) as server, server.room("ana", room="den") as ana:
        # What a server takes over is queued before anybody may enter.
        figures = server.app.stats()
        assert (figures["queued"], figures["active"]) == (0, 0)
        result = ana.jobs[job_id(1)].result
        assert result
        assert result.verdict is Verdict.LOST
    assert not trap.exists()


@pytest.mark.parametrize("role", list(Role))
async def test_h14_an_imported_member_has_no_role_until_it_is_invited(role: Role) -> None:
    store = await other_store()
    barred = MemberRecord("f" * 32, 8, "eve", 7, 0, role, "ana removed you", 1_000.0)
    known = MemberRecord(KEY, 7, "ana", 7, 3, role, "", 1_000.0, is_capped=True)
    await import_lines(store, io.BytesIO(HEAD + room(members=(known, barred))))
    kept = await store.room("den")
    assert kept is not None
    members = {each.name: each for each in kept.members}
    assert [members[name].role for name in ("ana", "eve")] == ["", ""]
    assert [members[name].crdt for name in ("ana", "eve")] == [0, 0], "none is that of another"
    assert not members["ana"].is_capped
    assert [members[name].removed for name in ("ana", "eve")] == ["", "ana removed you"]
    assert members["ana"].member == 7
    await store.close()


async def test_h14_imported_times_are_not_in_the_future() -> None:
    store = await other_store()
    late = replace(ROOM.room, used_at=9e9, invites_after=9e9, editors_after=9e9, made_at=9e9)
    late = replace(late, server_dates_from=9e9)
    await import_lines(store, io.BytesIO(HEAD + room(room=late) + job_line(submitted_at=9e9)))
    kept, [line] = await store.room("den"), await store.rooms(limit=9)
    assert kept is not None
    now = time.time()
    assert max(kept.room.invites_after, kept.room.editors_after, kept.room.made_at) <= now
    assert kept.room.server_dates_from <= now
    assert line.used_at <= now
    await store.close()


async def test_a_job_of_another_room_that_has_the_same_id_stays_as_it_is(store: Store) -> None:
    await put(store, SaveRoom(a_room("lab")), AcceptJob(job(1, "lab")))
    other = await other_store(*life_of_a_room())
    await import_lines(store, io.BytesIO(await exported(other)))
    await other.close()
    kept = await store.job(job_id(1))
    assert kept is not None
    assert (kept.room, kept.result) == ("lab", None)


def without_power(content: bytes) -> bytes:
    """An export as it is after it was imported: nothing is left to run, and no role."""
    lines = [msgspec.json.decode(each, type=ExportLine) for each in content.splitlines()]
    for each in lines:
        if each.room is not None:
            members = tuple(replace(who, role="", crdt=0) for who in each.room.members)
            each.room = replace(each.room, members=members)
        if each.job is not None and each.job.job.result is None:
            each.job = ExportedJob(replace(each.job.job, result=IMPORTED))
    return b"".join(msgspec.json.encode(each) + b"\n" for each in lines)


# What cannot be an export.


def line(content: object) -> bytes:
    return msgspec.json.encode(content) + b"\n"


HEAD = line({"codesync_store": 1})
ROOM = StoredRoom(replace(a_room(), text="ab12"), (), TextRecord(), 0)


def room(**changes: object) -> bytes:
    return line(ExportLine(room=replace(ROOM, **changes)))  # type: ignore[arg-type]


def room_called(name: str) -> bytes:
    return room(room=replace(ROOM.room, name=name))


def member(**changes: object) -> bytes:
    known = MemberRecord(KEY, 7, "ana", 1, 3, "viewer", "", 1_000.0)
    return room(members=(replace(known, **changes),))  # type: ignore[arg-type]


def job_line(**changes: object) -> bytes:
    return line(ExportLine(job=ExportedJob(replace(job(1), **changes))))  # type: ignore[arg-type]


def output_line(*output: OutputRun) -> bytes:
    return line(ExportLine(job=ExportedJob(replace(job(1), result=OK), output)))


def source(**changes: object) -> JobSource:
    return msgspec.structs.replace(job(1).source or JobSource(()), **changes)


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
        HEAD + room() + job_line(source=JobSource(())),
        HEAD + room() + job_line(source=source(files=(("../x", b""),))),
        HEAD + room() + job_line(source=source(files=(("/etc/passwd", b""),))),
        HEAD + room() + job_line(source=source(args=(b"a\0b",))),
        HEAD + room() + job_line(source=source(limits=replace(RUN, memory=1 << 60))),
        HEAD + b'{"room": ' + b'{"x":' * 100_000,
        HEAD + b'{"other": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        HEAD + b'{"room": {"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
        HEAD + room(members=(MemberRecord(KEY, 7, "ana", 1, 3, "", "", 1.0),) * 10_001),
        HEAD + room(text=TextRecord(state=bytes(33 * MIB))),
        HEAD + room() + job_line(source=source(files=(("x.py", b""),) * 33)),
        HEAD + room() + job_line(source=source(files=(("x.py", bytes(MIB + 1)),))),
        HEAD + room() + job_line(source=source(prepared=bytes(10 * MIB + 1))),
        HEAD + room() + job_line(source=source(args=(b"",) * 257)),
        HEAD + room() + job_line(source=source(args=(b"x" * 8193,))),
        HEAD + room() + job_line(source=source(window=(1 << 40, 24))),
        HEAD + room() + output_line(wrote(bytes(5 * MIB))),
        HEAD + room() + output_line(OutputRun(0, Stream.STDOUT, bytes(4097), "ana")),
        HEAD + room() + job_line(result=msgspec.structs.replace(OK, explanation="x" * 2001)),
    ],
)
async def test_a67_what_no_store_of_ours_exports_is_refused_and_nothing_of_it_imported(
    content: bytes,
) -> None:
    store = await other_store()
    with pytest.raises(InvalidExport):
        await import_lines(store, io.BytesIO(content))
    assert await store.rooms(limit=9) == []
    assert [each async for each in store.all_jobs()] == []
    await store.close()


async def test_foreign_text_that_is_always_shown_harmlessly_may_be_anything() -> None:
    store = await other_store()
    content = HEAD + room() + job_line(title="\x1b[31m.py", excerpt="\0\x1b")
    assert await import_lines(store, io.BytesIO(content)) == (1, 1)
    await store.close()
