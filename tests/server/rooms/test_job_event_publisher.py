"""Reports of the scheduler reach the right rooms, and the store."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from codesync_protocol.limits import OUTPUT_EVENT_MAX
from codesync_protocol.messages import (
    FetchOutput,
    Finished,
    JobState,
    Output,
    Queue,
    QueuedJob,
    Role,
    Started,
    StdinTaken,
    Stream,
)
from codesync_protocol.verdict import Result, Verdict
from codesync_server.access.payer import Payer
from codesync_server.configuration.settings import Settings
from codesync_server.jobs.job import Job
from codesync_server.jobs.job_records import output_of, record_of
from codesync_server.jobs.memory_budget import MemoryBudget
from codesync_server.jobs.scheduler import Scheduler
from codesync_server.rooms import announcement_pacing, queue_announcements
from codesync_server.rooms.deliveries import OUTPUT_DEBT_MAX, OUTPUT_DELIVERIES, deliveries
from codesync_server.rooms.job_event_publisher import JobEventPublisher
from codesync_server.rooms.registry import Rooms
from codesync_server.rooms.room import Room
from codesync_server.store.job_history import JobHistory
from codesync_server.store.packing import OUTPUT_HEAD, OUTPUT_TAIL
from codesync_server.store.records import OutputRun
from codesync_server.store.writer import StoreWriter
from tests.server.doubles import GoodExecutor
from tests.server.keeping import keeper_at_work, settled
from tests.server.making import all_languages, key_of, make_job, wrote
from tests.server.outlets import Ear
from tests.waiting import eventually

MEMORY = 100_000


class House:
    """Two rooms with a member each, and what reports to them."""

    def __init__(self, writer: StoreWriter) -> None:
        self.writer = writer
        self.memory = MemoryBudget(MEMORY)
        self.rooms = Rooms(writer, memory=self.memory)
        self.publisher = JobEventPublisher(self.rooms, writer, self.memory)
        self.executor = GoodExecutor()
        self.scheduler = Scheduler(
            self.executor, all_languages(), Settings(max_concurrent=1), self.publisher
        )
        self.ana, self.ben = self.enter("room-a", "ana"), self.enter("room-b", "ben")

    def enter(self, room: str, name: str) -> Ear:
        """Let somebody into a room."""
        ear = Ear()
        known = self.rooms.get(room) or self.rooms.add(Room(room, 0.0, self.writer.write))
        known.enter(key_of(name), name, Role.EDITOR, ear)
        return ear

    def add(self, number: int, room: str, script: str = "exit 0", member: str = "ana") -> Job:
        """Accept a job."""
        job = make_job(number, room=room, source=script.encode(), member=member)
        known = self.rooms.get(room)
        assert known is not None
        known.add_job(job)
        self.scheduler.submit(job)
        return job

    def queue_of(self, room: str) -> Queue:
        """The queue as a room is told it now."""
        return self.publisher.queue.queue_of(room, self.scheduler)


@pytest.fixture
async def house() -> AsyncGenerator[House, None]:
    async with keeper_at_work() as writer:
        yield House(writer)


@pytest.fixture
async def busy_house(house: House) -> AsyncGenerator[House, None]:
    """With its scheduler at work, and its announcements going out."""
    async with asyncio.TaskGroup() as tasks:
        running = [
            tasks.create_task(house.scheduler.run()),
            tasks.create_task(house.publisher.queue.announce(house.scheduler)),
        ]
        yield house
        house.executor.bench.released.set()
        await house.scheduler.drain()
        for task in running:
            task.cancel()


async def test_a_room_hears_of_its_own_jobs_only(house: House) -> None:
    job = house.add(1, "room-a")
    job.state = JobState.RUNNING
    house.publisher.job_started(job)
    house.publisher.job_wrote(job, Stream.STDERR, 0, b"oh")
    job.result = Result(Verdict.CANCELLED, "cancelled")
    job.cancelled_by = "cid"
    house.publisher.job_finished(job)
    await settled(house.writer)
    assert house.ana.of(Started) == [Started(1, job.id, JobState.RUNNING)]
    assert house.ana.of(Output) == [Output(2, job.id, Stream.STDERR, 0, b"oh")]
    assert house.ana.of(Finished) == [Finished(3, job.id, job.result, "cid")]
    assert [*house.ben.of(Started), *house.ben.of(Output), *house.ben.of(Finished)] == []
    assert house.publisher.verdicts == {"cancelled": 1}


async def test_h07_output_beyond_the_share_of_a_crowded_room_is_fetched_instead_of_sent(
    house: House,
) -> None:
    """It was sent to each of 200 members: a job of 10 MB became 2 GB."""
    publisher = JobEventPublisher(house.rooms, house.writer, MemoryBudget(1 << 30), clock=lambda: 0)
    burst, rate = OUTPUT_DELIVERIES.rates["member"]  # type: ignore[index]  # a Level is its word
    for number in range(199):
        house.enter("room-a", f"viewer {number}")
    job, part = house.add(1, "room-a"), bytes(OUTPUT_EVENT_MAX)
    count = 2 * int((burst + rate * OUTPUT_DEBT_MAX) / (200 * deliveries(len(part))))
    for _ in range(count):
        offset = job.output.add(Stream.STDOUT, part)
        publisher.job_wrote(job, Stream.STDOUT, offset, part)
    await settled(house.writer)
    sent = len(house.ana.of(Output))
    assert 0 < sent <= count / 2 + 1
    assert publisher.output_pause(job) > OUTPUT_DEBT_MAX
    assert job.output.published == job.output.total, "the rest can be fetched"
    other = house.add(2, "room-b", member="ben")
    assert publisher.output_pause(other) == 0


async def test_who_typed_is_told_what_was_taken(house: House) -> None:
    cid = house.enter("room-a", "cid")
    job = house.add(1, "room-a")
    credited = {key_of("cid"): 5, key_of("gone"): 7}
    house.publisher.stdin_taken(job, credited)
    await settled(house.writer)
    assert cid.of(StdinTaken) == [StdinTaken(job.id, 5)]
    assert house.ana.of(StdinTaken) == []


async def test_what_happens_to_a_job_of_a_room_that_is_gone_hurts_nobody(house: House) -> None:
    job = make_job(1, room="gone")
    job.result = Result(Verdict.OK, "exit code 0")
    house.publisher.job_started(job)
    house.publisher.job_wrote(job, Stream.STDOUT, 0, b"x")
    house.publisher.stdin_taken(job, {key_of("ana"): 1})
    house.publisher.job_finished(job)
    assert house.publisher.verdicts == {"ok": 1}


async def test_a_result_is_kept_before_anybody_is_told_of_it(house: House) -> None:
    job = house.add(1, "room-a")
    await house.writer.accept(record_of(job, 1))
    wrote(job, b"hello")
    job.result = Result(Verdict.OK, "exit code 0")
    house.publisher.job_finished(job)
    assert house.ana.of(Finished) == []
    await settled(house.writer)
    assert house.ana.of(Finished)
    kept = await house.writer.store.job(job.id)
    assert kept is not None
    assert kept.result == job.result
    assert await house.writer.store.output(job.id) == (OutputRun(0, Stream.STDOUT, b"hello"),)


async def test_h34_output_of_many_empty_rooms_is_bounded_and_read_from_the_store(
    house: House,
) -> None:
    jobs: list[Job] = []
    for number in range(40):
        room = house.rooms.add(Room(f"empty-{number}", 0.0, house.writer.write))
        job = make_job(number, room=room.name)
        jobs.append(job)
        room.add_job(job)
        await house.writer.accept(record_of(job, 1))
        house.publisher.job_begins(job)
        data = bytes([number]) * 10_000
        house.publisher.job_wrote(job, Stream.STDOUT, job.output.add(Stream.STDOUT, data), data)
        job.result = Result(Verdict.OK, "exit code 0", output_bytes=len(data))
        house.publisher.job_finished(job)
        await settled(house.writer)
        assert house.memory.used <= MEMORY
    assert not jobs[0].output.is_here
    assert jobs[-1].output.is_here
    past = JobHistory(house.writer.store)
    for job in jobs[:5]:
        part = await past.output(Payer(room=job.room), FetchOutput(job.id, 0))
        assert part is not None
        assert b"".join(chunk.data for chunk in part.chunks) == bytes([int(job.id, 16)]) * 10_000
    first = house.rooms.get("empty-0")
    assert first is not None
    assert first.log.since(first.log.epoch, 0) is None, "its events made way as well"


async def test_h34_a_running_program_keeps_the_output_that_the_store_gets(house: House) -> None:
    job = house.add(1, "room-a")
    house.publisher.job_begins(job)
    for _ in range(4):
        job.output.add(Stream.STDOUT, bytes(OUTPUT_HEAD))
    assert job.output.is_here
    assert job.output.held_bytes == OUTPUT_HEAD + OUTPUT_TAIL
    assert [(run.offset, len(run.data)) for run in output_of(job)] == [
        (0, OUTPUT_HEAD),
        (4 * OUTPUT_HEAD - OUTPUT_TAIL, OUTPUT_TAIL),
    ]


async def test_that_something_was_seen_of_a_job_is_kept_before_it_is_seen(house: House) -> None:
    job = house.add(1, "room-a")
    await house.writer.accept(record_of(job, 1))
    job.attempts = 1
    house.publisher.job_begins(job)
    house.publisher.job_wrote(job, Stream.STDOUT, 0, b"a")
    house.publisher.job_wrote(job, Stream.STDOUT, 1, b"b")
    assert house.ana.of(Output) == []
    await settled(house.writer)
    assert [output.data for output in house.ana.of(Output)] == [b"a", b"b"]
    kept = await house.writer.store.job(job.id)
    assert kept is not None
    assert (kept.attempts, kept.shown) == (1, True)


async def test_a_queue_shows_a_rooms_jobs_and_everybodys_numbers(busy_house: House) -> None:
    first = busy_house.add(1, "room-a", "wait")
    await eventually(lambda: busy_house.scheduler.active)
    second = busy_house.add(2, "room-b", member="ben")
    third = busy_house.add(3, "room-a")
    assert busy_house.queue_of("room-a") == Queue(
        (
            QueuedJob(first.id, first.state, 0),
            QueuedJob(third.id, "queued", 2),
        ),
        queued=2,
        active=1,
        max_concurrent=1,
    )
    assert busy_house.queue_of("room-b").jobs == (QueuedJob(second.id, "queued", 1),)
    assert busy_house.queue_of("unheard-of").jobs == ()


async def test_places_move_up_and_everybody_is_told(busy_house: House) -> None:
    busy_house.add(1, "room-a", "wait")
    await eventually(lambda: busy_house.scheduler.active)
    job = busy_house.add(2, "room-b", member="ben")
    await eventually(lambda: [q for q in busy_house.ben.of(Queue) if q.jobs])
    assert busy_house.ben.last(Queue).jobs == (QueuedJob(job.id, "queued", 1),)
    busy_house.executor.bench.released.set()
    idle = Queue(max_concurrent=1)
    await eventually(lambda: busy_house.ana.last(Queue) == busy_house.ben.last(Queue) == idle)


async def test_many_changes_are_told_together(
    busy_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_announcements, "INTERVAL_SECONDS", 3600.0)
    busy_house.add(1, "room-a", "wait")
    await eventually(lambda: busy_house.ana.of(Queue))
    for number in range(2, 6):
        busy_house.add(number, "room-a", member=f"m{number}")
        await asyncio.sleep(0)
    assert len(busy_house.ana.of(Queue)) == 1


async def test_h33_rooms_whose_places_alone_change_are_told_less_often(
    busy_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy_house.add(1, "room-a", "wait")
    busy_house.add(2, "room-b", member="ben")
    await eventually(lambda: busy_house.ben.of(Queue) and busy_house.ben.last(Queue).queued == 1)
    monkeypatch.setattr(queue_announcements, "PLACES_SECONDS", 3600.0)
    busy_house.add(3, "room-a", member="cid")
    await eventually(lambda: busy_house.ana.last(Queue).queued == 2)
    assert busy_house.ben.last(Queue).queued == 1
    busy_house.publisher.queue_changed()
    await eventually(lambda: busy_house.ben.last(Queue).queued == 2)


async def test_h33_a_room_to_which_much_is_said_is_told_less_often(
    busy_house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announcement_pacing, "BYTES_PER_SECOND", 0.01)
    busy_house.add(1, "room-a", "wait")
    await eventually(lambda: busy_house.ana.of(Queue))
    published = len(busy_house.ana.of(Queue))
    busy_house.add(2, "room-a")
    cid = busy_house.enter("room-c", "cid")
    busy_house.add(3, "room-c", member="cid")
    await eventually(lambda: cid.of(Queue))
    assert len(busy_house.ana.of(Queue)) == published


async def test_whoever_enters_while_something_runs_is_told_when_it_is_over(
    busy_house: House,
) -> None:
    idle = Queue(max_concurrent=1)
    busy_house.publisher.queue_changed()
    await eventually(lambda: busy_house.ben.of(Queue))
    assert busy_house.ben.last(Queue) == idle
    room = busy_house.rooms.get("room-b")
    assert room is not None
    room.leave(key_of("ben"), busy_house.ben, 0.0)
    busy_house.add(1, "room-a", "wait")
    await eventually(lambda: busy_house.scheduler.active)
    told_on_entering = busy_house.queue_of("room-b")
    assert told_on_entering.active == 1
    cid = busy_house.enter("room-b", "cid")
    busy_house.executor.bench.released.set()
    await eventually(lambda: cid.of(Queue) and cid.last(Queue) == idle)
