"""The contract of every store."""

import random
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codesync_protocol.messages import FetchHistory, FetchOutput, Stream
from codesync_server.access.payer import Payer
from codesync_server.store.changes import (
    AcceptJob,
    AddEdit,
    BeginJob,
    Change,
    FinishJob,
    ForgetJob,
    ForgetRoom,
    SaveMember,
    SaveRoom,
    SaveText,
    ShowJob,
)
from codesync_server.store.contract import Retention, Store, all_room_names, all_rooms
from codesync_server.store.job_history import JobHistory
from codesync_server.store.mongo import documents as mongo_documents
from codesync_server.store.packing import OUTPUT_HEAD
from codesync_server.store.records import JobSource, OutputRun, RoomSummary, TextRecord
from codesync_server.store.sqlite import SqliteStore
from codesync_server.store.sqlite import reads as sqlite_reads
from tests.server.store.making import (
    LATE,
    OK,
    a_job,
    a_member,
    a_room,
    an_edit,
    finished,
    ids,
    job_id,
    put,
    ran,
    wrote,
)

# Jobs.


async def test_a_job_is_kept_with_all_that_it_runs(store: Store) -> None:
    await put(store, AcceptJob(a_job(1)), surely=True)
    assert await store.job(job_id(1), with_source=True) == a_job(1)
    assert await store.unfinished() == [a_job(1)]
    assert await store.last_order() == 1
    assert await store.job(job_id(2)) is None


async def test_a_known_id_is_told_and_changes_nothing(store: Store) -> None:
    await put(store, AcceptJob(a_job(1)))
    other = a_job(1, name="eve", text="evil")
    other = replace(other, order=9)
    known = await store.write([AcceptJob(other), AcceptJob(a_job(2))], surely=True)
    assert known == {job_id(1): replace(a_job(1), source=None)}
    assert await store.unfinished() == [a_job(1), a_job(2)]


async def test_jobs_wait_in_the_order_of_their_acceptance(store: Store) -> None:
    for number in (3, 1, 2):
        await put(store, AcceptJob(a_job(number)))
    assert [job.order for job in await store.unfinished()] == [1, 2, 3]


async def test_h36_waiting_jobs_are_read_a_few_at_a_time(store: Store) -> None:
    await put(store, *(AcceptJob(a_job(number)) for number in range(1, 8)))
    await put(store, FinishJob(job_id(2), OK, "", ()))
    read: list[int] = []
    while page := await store.unfinished(read[-1] if read else 0, 2):
        assert len(page) <= 2
        read += [job.order for job in page]
    assert read == [1, 3, 4, 5, 6, 7]


async def test_what_happens_to_a_job_is_kept(store: Store) -> None:
    await put(store, AcceptJob(a_job(1)), BeginJob(job_id(1), 1))
    [job] = await store.unfinished()
    assert (job.attempts, job.shown) == (1, False)
    await put(store, ShowJob(job_id(1), 1))
    [job] = await store.unfinished()
    assert (job.attempts, job.shown) == (1, True)
    await put(store, BeginJob(job_id(1), 2))
    [job] = await store.unfinished()
    assert (job.attempts, job.shown) == (2, False)
    await put(store, ShowJob(job_id(1), 1))  # of the attempt before
    assert not (await store.unfinished())[0].shown
    await put(store, FinishJob(job_id(1), OK, "ben", (wrote(b"hello\n"),)))
    assert await store.unfinished() == []
    done = await store.job(job_id(1), with_source=True)
    assert done is not None
    assert (done.result, done.cancelled_by) == (OK, "ben")
    assert done.source == a_job(1).source
    assert await store.output(job_id(1)) == (wrote(b"hello\n"),)


async def test_f03_the_first_end_counts(store: Store) -> None:
    await ran(store, a_job(1))
    again: list[Change] = [
        FinishJob(job_id(1), LATE, "eve", ()),
        BeginJob(job_id(1), 2),
        ShowJob(job_id(1), 2),
        ForgetJob(job_id(1), "ticket"),
    ]
    await put(store, *again)
    job = await store.job(job_id(1))
    assert job is not None
    assert (job.result, job.attempts, job.shown, job.cancelled_by) == (OK, 1, False, "")


@pytest.mark.parametrize("first", [(wrote(b"first\n"),), ()])
async def test_f03_a_second_result_changes_neither_the_first_nor_its_output(
    store: Store, first: tuple[OutputRun, ...]
) -> None:
    await put(store, AcceptJob(a_job(1)), FinishJob(job_id(1), OK, "", first))
    await put(store, FinishJob(job_id(1), LATE, "eve", (wrote(b"second\n"),)))
    job = await store.job(job_id(1))
    assert job is not None
    assert (job.result, job.cancelled_by) == (OK, "")
    assert await store.output(job_id(1)) == first


async def test_what_happens_to_a_job_that_is_not_there_is_nothing(store: Store) -> None:
    await put(store, *finished(1), ShowJob(job_id(1), 1), ForgetJob(job_id(1), "ticket"))
    assert await store.job(job_id(1)) is None
    assert await store.output(job_id(1)) == ()


async def test_a_job_that_was_taken_back_may_come_again(store: Store) -> None:
    await put(store, AcceptJob(a_job(1, text="old")), ForgetJob(job_id(1), "ticket"))
    assert await store.unfinished() == []
    again = replace(a_job(2, text="new"), id=job_id(1))
    await put(store, AcceptJob(again))
    assert await store.unfinished() == [again], "and runs what came the second time"


async def test_a55_only_the_try_that_had_a_job_accepted_can_take_it_back(store: Store) -> None:
    await put(store, AcceptJob(a_job(1)), ForgetJob(job_id(1), "another ticket"))
    assert await store.unfinished() == [a_job(1)]


async def test_long_output_comes_back_whole(store: Store) -> None:
    chance = random.Random(7)
    typed = OutputRun(9, Stream.STDOUT, b"50\n", "ben")
    runs = (wrote(chance.randbytes(OUTPUT_HEAD)), wrote(chance.randbytes(9), 9_000_000), typed)
    await put(store, AcceptJob(a_job(1)), FinishJob(job_id(1), OK, "", runs))
    assert await store.output(job_id(1)) == runs


# Rooms.


async def test_a_room_comes_back_with_members_text_and_how_many_jobs_it_had(store: Store) -> None:
    await ran(store, a_job(1), a_job(2))
    old, new = a_member("old", seen_at=1.0), a_member("new", seen_at=2.0)
    await put(store, SaveRoom(a_room()), SaveMember("den", old), SaveMember("den", new))
    await put(store, SaveText("den", 1, 2, b"state"))
    await put(store, *(AddEdit("den", 1, an_edit(index)) for index in (1, 2, 3, 4)))
    kept = await store.room("den")
    assert kept is not None
    assert kept.room == a_room()
    assert kept.members == (new, old), "the latest first"
    assert kept.text == TextRecord(1, 2, b"state", (an_edit(3), an_edit(4)))
    assert kept.jobs == 2
    assert await store.room("other") is None


async def test_the_last_word_on_a_room_and_a_member_counts(store: Store) -> None:
    await put(store, SaveRoom(a_room()), SaveMember("den", a_member()))
    await put(store, SaveRoom(a_room(language="cpp")), SaveMember("den", a_member(edits_taken=9)))
    kept = await store.room("den")
    assert kept is not None
    assert (kept.room.language, kept.members[0].edits_taken) == ("cpp", 9)


async def test_a_saved_text_takes_the_place_of_its_edits_and_never_goes_back(store: Store) -> None:
    await put(store, SaveRoom(a_room()))
    await put(store, *(AddEdit("den", 1, an_edit(index)) for index in range(1, 6)))
    await put(store, SaveText("den", 1, 4, b"four"))
    await put(store, SaveText("den", 1, 2, b"two"))  # an older one, late
    kept = await store.room("den")
    assert kept is not None
    assert kept.text == TextRecord(1, 4, b"four", (an_edit(5),))
    await put(store, SaveText("den", 2, 5, b"anew"), AddEdit("den", 1, an_edit(6)))
    await put(store, SaveText("den", 1, 9, b"old history"), AddEdit("den", 2, an_edit(6)))
    kept = await store.room("den")
    assert kept is not None
    assert kept.text == TextRecord(2, 5, b"anew", (an_edit(6),))


async def test_rooms_are_listed_those_first_that_were_used_last(store: Store) -> None:
    await ran(store, a_job(1))
    await put(store, SaveRoom(a_room(used_at=5.0)), SaveRoom(a_room("lab", used_at=9.0)))
    assert await store.rooms(limit=9) == [
        RoomSummary("lab", "python", 9.0, 0),
        RoomSummary("den", "python", 5.0, 1),
    ]


async def test_rooms_are_read_in_pages(store: Store) -> None:
    names = [f"room-{number}" for number in range(7)]
    for place, name in enumerate(names):
        await put(store, SaveRoom(a_room(name, used_at=float(place // 3))))
    pages = [await store.rooms(limit=2)]
    while pages[-1]:
        pages.append(await store.rooms(limit=2, after=pages[-1][-1]))
    assert [len(page) for page in pages] == [2, 2, 2, 1, 0]
    lines = [line for page in pages for line in page]
    assert sorted(line.name for line in lines) == names
    assert [line.used_at for line in lines] == [2.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0]
    assert [line.name async for line in all_rooms(store)] == [line.name for line in lines]
    assert await store.room_names(limit=3) == names[:3]
    assert await store.room_names(limit=9, after=names[2]) == names[3:]
    assert [name async for name in all_room_names(store)] == names
    assert await store.room_count() == 7


async def test_a_room_that_nobody_has_used_is_forgotten_with_its_members_and_text(
    store: Store,
) -> None:
    for name in ("den", "lab", "attic", "cellar"):
        await put(store, SaveRoom(a_room(name)), SaveMember(name, a_member()))
        await put(store, SaveText(name, 1, 0, b"begun"))
    await put(store, AcceptJob(a_job(1, room="lab")), AddEdit("attic", 1, an_edit(1)))
    await put(store, *(ForgetRoom(name) for name in ("den", "lab", "attic", "unknown")))
    assert await store.room_names(limit=9) == ["attic", "cellar", "lab"]
    await put(store, SaveRoom(a_room("den")))
    den, lab = await store.room("den"), await store.room("lab")
    assert den is not None
    assert (den.members, den.text) == ((), TextRecord(1, 0, b"", ()))
    assert lab is not None
    assert (len(lab.members), lab.text.state) == (1, b"begun")


async def test_r08_a_job_is_read_without_its_source_unless_it_is_asked_for(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ran(store, a_job(1))

    def unpack_source(data: bytes) -> JobSource:
        raise AssertionError(f"the source is read: {len(data)} bytes")

    monkeypatch.setattr(sqlite_reads, "unpack_source", unpack_source)
    monkeypatch.setattr(mongo_documents, "unpack_source", unpack_source)
    past = JobHistory(store)
    part = await past.output(Payer(room="den"), FetchOutput(job_id(1), 0))
    assert part is not None
    page = await past.page(Payer(room="den"), FetchHistory(1, job=job_id(1)))
    assert [each.summary.job for each in page.jobs] == [job_id(1)]
    job = await store.job(job_id(1))
    assert job is not None
    assert job.source is None
    with pytest.raises(AssertionError, match="the source is read"):
        await store.job(job_id(1), with_source=True)


# Twice is once.

LIFE: list[Callable[[int], Change]] = [
    lambda n: AcceptJob(a_job(n)),
    lambda n: BeginJob(job_id(n), 1),
    lambda n: ShowJob(job_id(n), 1),
    lambda n: FinishJob(job_id(n), OK, "", (wrote(b"x"),)),
]
"""What happens to a job, in its order."""

ROOM: list[Callable[[int], Change]] = [
    lambda n: SaveRoom(a_room(used_at=float(n))),
    lambda n: SaveMember("den", a_member(edits_taken=n)),
    lambda n: AddEdit("den", 1, an_edit(n)),
    lambda n: SaveText("den", 1, n, f"state {n}".encode()),
]


@st.composite
def batches(draw: st.DrawFn) -> list[Change]:
    """Changes as they come: those of each job in the order of its life, among others."""
    lives = [[make(n) for make in LIFE[: draw(st.integers(0, 4))]] for n in range(1, 4)]
    rooms = draw(st.lists(st.tuples(st.sampled_from(ROOM), st.integers(1, 4)), max_size=8))
    threads = [life for life in (*lives, [make(n) for make, n in rooms]) if life]
    batch: list[Change] = []
    while threads:
        thread = draw(st.sampled_from(threads))
        batch.append(thread.pop(0))
        threads = [each for each in threads if each]
    return batch


async def everything(store: Store) -> object:
    """All that can be read."""
    return (
        await store.room("den"),
        [job async for job in store.all_jobs()],
        [await store.output(job_id(number)) for number in range(1, 5)],
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(batch=batches(), written=st.integers(0, 30))
async def test_f03_a_batch_that_was_half_written_or_whose_answer_was_lost_may_be_written_again(
    batch: list[Change], written: int
) -> None:
    once, again = SqliteStore(None), SqliteStore(None)
    for store in (once, again):
        await store.open()
    try:
        await once.write(batch, surely=False)
        await again.write(batch[:written], surely=False)
        await again.write(batch, surely=False)
        assert await everything(again) == await everything(once)
    finally:
        for store in (once, again):
            await store.close()


# Growing old.


async def test_old_jobs_are_deleted_unfinished_ones_never(store: Store) -> None:
    now = time.time()
    await ran(store, a_job(1, at=now - 100.0), a_job(2, at=now))
    await put(store, AcceptJob(a_job(3, at=now - 100.0)))
    assert await store.prune(Retention(jobs_seconds=50.0), frozenset()) == 1
    assert await ids(store) == [2]
    assert await store.job(job_id(1)) is None
    assert await store.output(job_id(1)) == ()
    assert [job.order for job in await store.unfinished()] == [3]


async def test_when_all_is_too_much_the_oldest_go_first(store: Store) -> None:
    noise = random.Random(1)
    for number in range(1, 7):
        output = (wrote(noise.randbytes(10_000)),)
        await put(store, AcceptJob(a_job(number)), FinishJob(job_id(number), OK, "", output))
    await store.prune(Retention(bytes_max=35_000), frozenset())
    assert await ids(store) == [6, 5, 4]
    await store.prune(Retention(bytes_max=35_000), frozenset())
    assert await ids(store) == [6, 5, 4]


async def test_old_rooms_are_deleted_with_all_that_is_in_them_unless_in_use(store: Store) -> None:
    now = time.time()
    for order, (name, used_at) in enumerate(
        [("old", now - 100.0), ("used", now - 100.0), ("busy", now - 100.0), ("new", now)], 1
    ):
        await put(store, SaveRoom(a_room(name, used_at=used_at)), SaveMember(name, a_member()))
        await put(store, SaveText(name, 1, 0, b"x"), AddEdit(name, 1, an_edit(1)))
        await ran(store, a_job(order, room=name))
    await put(store, AcceptJob(a_job(9, room="busy")))
    assert await store.prune(Retention(rooms_seconds=50.0), frozenset({"used"})) == 1
    assert {line.name for line in await store.rooms(limit=9)} == {"used", "busy", "new"}
    assert await store.room("old") is None
    assert await store.job(job_id(1)) is None
    assert await store.check() == []


async def test_without_bounds_nothing_is_deleted(store: Store) -> None:
    await ran(store, a_job(1, at=0.0))
    assert await store.prune(Retention(), frozenset()) == 0
    assert await ids(store) == [1]


# Being looked after.


async def test_what_is_sound_is_found_sound_and_can_be_compacted(store: Store) -> None:
    await ran(store, a_job(1))
    await put(store, SaveRoom(a_room()), AddEdit("den", 1, an_edit(1)))
    assert await store.check() == []
    await store.compact()
    assert await ids(store) == [1]


async def test_a_missing_edit_is_found(store: Store) -> None:
    await put(
        store, SaveRoom(a_room()), AddEdit("den", 1, an_edit(1)), AddEdit("den", 1, an_edit(3))
    )
    assert await store.check() == ["edits of room den are missing"]


async def test_all_jobs_come_in_their_order(store: Store) -> None:
    await ran(store, *(a_job(number) for number in range(1, 130)))
    assert [job.order async for job in store.all_jobs()] == list(range(1, 130))
