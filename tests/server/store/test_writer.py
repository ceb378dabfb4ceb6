"""Changes are written in order and in batches, whatever the store does."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import replace

import pytest

from codesync_server.store import writer as writer_module
from codesync_server.store.changes import (
    AcceptJob,
    AddEdit,
    BeginJob,
    Change,
    FinishJob,
    ForgetJob,
    SaveRoom,
)
from codesync_server.store.contract import StoreUnavailable
from codesync_server.store.records import JobRecord
from codesync_server.store.sqlite import SqliteStore
from codesync_server.store.write_queue import LARGE_BYTES
from codesync_server.store.writer import DuplicateJob, StoreWriter
from tests.server.store.making import OK, a_job, a_room, an_edit, job_id
from tests.waiting import SECONDS, eventually

AWAY = "the disk is full"


class MoodyStore(SqliteStore):
    """A store in memory that is away when it likes.

    Attributes:
        away: why it does not write; empty while it does.
        loses_answers: it writes, and says that it did not.
        batches: what it wrote, batch by batch.
        surely: of each batch, whether it must outlast a power cut.
        flows: cleared, it takes for ever.
    """

    def __init__(self) -> None:
        super().__init__(None)
        self.away = ""
        self.loses_answers = False
        self.batches: list[list[Change]] = []
        self.surely: list[bool] = []
        self.flows = asyncio.Event()
        self.flows.set()

    async def write(self, changes: Sequence[Change], *, surely: bool) -> Mapping[str, JobRecord]:
        """Write, or not."""
        await self.flows.wait()
        if self.away:
            raise StoreUnavailable(self.away)
        known = await super().write(changes, surely=surely)
        self.batches.append(list(changes))
        self.surely.append(surely)
        if self.loses_answers:
            self.loses_answers = False
            raise StoreUnavailable("the answer was lost")
        return known


class Desk:
    """A writer at work, and what it says.

    Attributes:
        store: where it keeps things.
        resaved: the rooms that were to be saved as they are.
        told: the troubles that members heard of.
        kept_when_told: what was in the store when they last heard something.
    """

    def __init__(self) -> None:
        self.store = MoodyStore()
        self.resaved: list[str] = []
        self.told: list[str] = []
        self.kept_when_told: list[Change] = []
        self.writer = StoreWriter(self.store, self._resave, self._tell)

    def _resave(self, room: str) -> None:
        self.resaved.append(room)
        self.writer.write(SaveRoom(a_room(room)))

    def _tell(self) -> None:
        self.told.append(self.writer.trouble)
        self.kept_when_told = [change for batch in self.store.batches for change in batch]


@pytest.fixture
async def desk(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Desk, None]:
    monkeypatch.setattr(writer_module, "PATIENCE_SECONDS", 0.1)
    monkeypatch.setattr(writer_module, "ACCEPT_SECONDS", 0.2)
    monkeypatch.setattr(writer_module, "RETRY_SECONDS", (0.01, 0.02))
    desk = Desk()
    await desk.store.open()
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(desk.writer.run())
        yield desk
        desk.store.away = ""
        desk.store.flows.set()
        running.cancel()
    await desk.store.close()


def edit(index: int) -> AddEdit:
    return AddEdit("den", 1, an_edit(index))


async def test_what_comes_together_is_written_together_in_its_order(desk: Desk) -> None:
    kept = [desk.writer.write(edit(index)) for index in range(1, 200)]
    await asyncio.gather(*(each for each in kept if each))
    assert [change for batch in desk.store.batches for change in batch] == [
        edit(index) for index in range(1, 200)
    ]
    assert len(desk.store.batches) == 1
    assert await desk.writer.settle(1.0)


async def test_a_large_source_is_packed_before_it_waits_and_written_alone(desk: Desk) -> None:
    job = a_job(1, text="x" * LARGE_BYTES + "y")
    desk.store.flows.clear()
    async with asyncio.TaskGroup() as tasks:
        accepting = tasks.create_task(desk.writer.accept(job))
        small = desk.writer.write(edit(1))
        desk.store.flows.set()
    assert small is not None
    await small
    assert all(len(batch) == 1 for batch in desk.store.batches)
    changes = [change for batch in desk.store.batches for change in batch]
    (accepted,) = [change for change in changes if isinstance(change, AcceptJob)]
    assert accepted.packed is not None
    stored = await desk.store.job(accepting.result().id, with_source=True)
    assert stored is not None
    assert stored.source == job.source


async def test_jobs_are_numbered_in_the_order_of_their_acceptance(desk: Desk) -> None:
    desk.writer.number_from(40)
    await asyncio.gather(*(desk.writer.accept(a_job(number)) for number in range(1, 4)))
    assert [(job.order, job.id) for job in await desk.store.unfinished()] == [
        (41, job_id(1)),
        (42, job_id(2)),
        (43, job_id(3)),
    ]


async def test_f23_an_accepted_job_must_outlast_a_power_cut_and_an_edit_need_not(
    desk: Desk,
) -> None:
    desk.writer.write(edit(1))
    assert await desk.writer.settle(SECONDS)
    await desk.writer.accept(a_job(1))
    assert desk.store.surely == [False, True]


async def test_f23_the_decision_of_a_host_must_outlast_a_power_cut(desk: Desk) -> None:
    for change in (SaveRoom(a_room()), SaveRoom(a_room(), is_decision=True)):
        desk.writer.write(change)
        assert await desk.writer.settle(SECONDS)
    assert desk.store.surely == [False, True]


async def test_a_job_that_is_known_is_told(desk: Desk) -> None:
    kept = await desk.writer.accept(a_job(1))
    with pytest.raises(DuplicateJob) as known:
        await desk.writer.accept(replace(a_job(1), owner="eve"))
    assert known.value.record == replace(kept, source=None)
    assert kept.owner == "owner"


async def test_a_job_whose_answer_was_lost_is_no_stranger(desk: Desk) -> None:
    desk.store.loses_answers = True
    kept = await desk.writer.accept(a_job(1))
    assert await desk.store.unfinished() == [kept]


async def test_while_the_store_is_away_nobody_waits_and_everybody_is_told(desk: Desk) -> None:
    desk.store.away = AWAY
    kept = desk.writer.write(edit(1))
    assert kept is not None
    async with asyncio.timeout(SECONDS):
        await kept
    assert (desk.writer.trouble, desk.told) == (AWAY, [AWAY])
    assert desk.writer.write(edit(2)) is None, "there is nothing to wait for"
    assert desk.writer.is_unsaved("den")
    assert not await desk.writer.settle(0.01)
    with pytest.raises(StoreUnavailable, match=AWAY):
        await desk.writer.accept(a_job(1))


async def test_a_store_that_is_slow_keeps_nobody_waiting_either(desk: Desk) -> None:
    desk.store.flows.clear()
    kept = desk.writer.write(edit(1))
    assert kept is not None
    async with asyncio.timeout(SECONDS):
        await kept
    assert "slow" in desk.writer.trouble
    desk.store.flows.set()
    await eventually(lambda: not desk.writer.trouble)
    assert desk.resaved == ["den"]


async def test_when_it_is_back_jobs_are_written_in_order_and_rooms_as_they_are(
    desk: Desk,
) -> None:
    await desk.writer.accept(a_job(1))
    desk.store.away = AWAY
    desk.writer.write(SaveRoom(a_room()))
    await eventually(lambda: desk.writer.trouble)
    changes: list[Change] = [BeginJob(job_id(1), 1), FinishJob(job_id(1), OK, "", ())]
    for change in (edit(1), changes[0], edit(2), changes[1], edit(3)):
        desk.writer.write(change)
    desk.store.away = ""
    await eventually(lambda: desk.told == [AWAY, ""])
    assert desk.resaved == ["den"]
    assert await desk.writer.settle(5.0)
    assert not desk.writer.is_unsaved("den")
    written = [change for batch in desk.store.batches[1:] for change in batch]
    assert [change for change in written if change in changes] == changes
    assert [change for change in written if isinstance(change, AddEdit)] == []
    job = await desk.store.job(job_id(1))
    assert job is not None
    assert job.result == OK


async def test_a_job_that_was_refused_is_taken_back_when_the_store_has_it_after_all(
    desk: Desk,
) -> None:
    desk.store.flows.clear()
    with pytest.raises(StoreUnavailable):
        await desk.writer.accept(a_job(1))
    desk.store.flows.set()
    assert await desk.writer.settle(5.0)
    assert await desk.store.unfinished() == []
    again = await desk.writer.accept(a_job(1))
    assert await desk.store.unfinished() == [again]


async def test_a55_a_retry_that_cannot_be_kept_does_not_take_the_accepted_job_with_it(
    desk: Desk,
) -> None:
    kept = await desk.writer.accept(a_job(1))
    desk.store.flows.clear()
    with pytest.raises(StoreUnavailable):
        await desk.writer.accept(a_job(1))
    desk.store.flows.set()
    assert await desk.writer.settle(5.0)
    assert await desk.store.unfinished() == [kept]


async def test_members_hear_that_all_is_kept_again_only_when_their_rooms_are_in_the_store(
    desk: Desk,
) -> None:
    desk.store.away = AWAY
    desk.writer.write(edit(1))
    await eventually(lambda: desk.writer.trouble)
    desk.store.away = ""
    await eventually(lambda: not desk.writer.trouble)
    assert desk.told == [AWAY, ""]
    assert SaveRoom(a_room()) in desk.kept_when_told


async def test_if_it_goes_away_again_before_it_has_them_nobody_is_told_that_it_was_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away_again(room: str) -> None:
        desk.writer.write(SaveRoom(a_room(room)))
        desk.store.away = "the disk is full again"

    with monkeypatch.context() as patch:
        patch.setattr(desk.writer, "_resave", away_again)
        desk.store.away = AWAY
        desk.writer.write(edit(1))
        await eventually(lambda: desk.writer.trouble)
        desk.store.away = ""
        await eventually(lambda: len(desk.told) == 2)
    desk.store.away = ""
    await eventually(lambda: not desk.writer.trouble)
    assert desk.told == [AWAY, "the disk is full again", ""]
    assert SaveRoom(a_room()) in desk.kept_when_told


async def test_a_job_that_is_not_to_run_is_out_of_the_store_before_that_is_told(
    desk: Desk,
) -> None:
    kept = await desk.writer.accept(a_job(1))
    await desk.writer.forget(kept)
    assert desk.store.batches[-1] == [ForgetJob(kept.id, kept.ticket)]
    assert await desk.store.unfinished() == []


async def test_when_the_store_is_away_nobody_waits_to_be_told_that_a_job_is_not_to_run(
    desk: Desk,
) -> None:
    kept = await desk.writer.accept(a_job(1))
    desk.store.flows.clear()
    async with asyncio.timeout(SECONDS):
        await desk.writer.forget(kept)
    assert len(await desk.store.unfinished()) == 1
    desk.store.flows.set()
    assert await desk.writer.settle(5.0)
    assert await desk.store.unfinished() == []
