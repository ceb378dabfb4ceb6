"""A server that starts again loads each room of unfinished jobs once, for a bounded time (H07)."""

from collections.abc import AsyncGenerator, Sequence

import pytest

from codesync_protocol.verdict import Verdict
from codesync_server.configuration.settings import Settings
from codesync_server.documents.load_process import LoadProcesses
from codesync_server.documents.loading import LoadedHistory
from codesync_server.jobs.job_records import record_of
from codesync_server.jobs.memory_budget import MemoryBudget
from codesync_server.jobs.scheduler import Scheduler
from codesync_server.rooms import takeover
from codesync_server.rooms.job_event_publisher import JobEventPublisher
from codesync_server.rooms.registry import Rooms, RoomUnreadable
from codesync_server.rooms.room import Room
from codesync_server.rooms.takeover import take_over
from codesync_server.store.changes import SaveText
from codesync_server.store.writer import StoreWriter
from tests.server.documents.crafted import costly_history
from tests.server.doubles import GoodExecutor
from tests.server.keeping import keeper_at_work, settled
from tests.server.making import all_languages, job_id, make_job

STRUCTS = 11_000


class Counted(LoadProcesses):
    """Remembers the time that each history may take."""

    def __init__(self) -> None:
        super().__init__()
        self.tries: list[int | None] = []

    async def restore(
        self, updates: Sequence[bytes], *, seconds: int | None = None
    ) -> LoadedHistory:
        self.tries.append(seconds)
        return await super().restore(updates, seconds=seconds)


class NewServer:
    """The parts of a server that starts with the store of the previous one."""

    def __init__(self, writer: StoreWriter) -> None:
        self.writer = writer
        self.processes = Counted()
        self.rooms = Rooms(writer, processes=self.processes)
        publisher = JobEventPublisher(self.rooms, writer, MemoryBudget(100_000))
        self.scheduler = Scheduler(
            GoodExecutor(), all_languages(), Settings(max_concurrent=1), publisher
        )

    async def keep(self, name: str, jobs: Sequence[int], text: bytes = b"") -> None:
        """Have a room with waiting jobs in the store."""
        Room(name, 0.0, self.writer.write).save_all()
        if text:
            self.writer.write(SaveText(name, 1, 0, text))
        for place, number in enumerate(jobs, 1):
            await self.writer.accept(record_of(make_job(number, room=name), place))
        await settled(self.writer)

    async def start(self) -> list[str]:
        """Take over the jobs; gives those that have not ended."""
        await take_over(self.writer.store, self.writer, self.rooms, self.scheduler)
        await settled(self.writer)
        return [record.id for record in await self.writer.store.unfinished()]


@pytest.fixture
async def server() -> AsyncGenerator[NewServer, None]:
    async with keeper_at_work() as writer:
        server = NewServer(writer)
        yield server
        await server.processes.close()


async def test_h07_a_room_that_is_costly_to_load_is_tried_once_for_all_its_jobs(
    server: NewServer,
) -> None:
    await server.keep("lab", [1, 2, 3, 4], costly_history(STRUCTS).state())
    await server.keep("den", [5, 6])
    assert await server.start() == [job_id(5), job_id(6)]
    assert server.processes.tries == [takeover.ROOM_SECONDS]
    den = server.rooms.get("den")
    assert den
    assert [job.id for job in den.unfinished()] == [job_id(5), job_id(6)]
    lost = await server.writer.store.job(job_id(1))
    assert lost
    assert lost.result
    assert lost.result.verdict is Verdict.LOST
    assert "could not be loaded when the server started" in lost.result.explanation
    with pytest.raises(RoomUnreadable):  # whoever enters has it tried again at once
        await server.rooms.open("lab", 0.0, seconds=1)
    assert len(server.processes.tries) == 2


async def test_h07_the_time_for_all_costly_rooms_is_bounded_when_a_server_starts(
    server: NewServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(takeover, "COSTLY_SECONDS", 0.5)
    costly = costly_history(STRUCTS).state()
    for number in range(4):
        await server.keep(f"lab-{number}", [number], costly)
    await server.keep("den", [4])
    assert await server.start() == [job_id(4)]
    assert server.processes.tries == [takeover.ROOM_SECONDS, 0, 0, 0]
