"""The server closes rooms before its memory runs out (F32)."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace

import pytest

from codesync_client import Disconnected
from codesync_client.errors import EntryRefused
from codesync_protocol.shared_text import SOURCE
from codesync_server import memory_monitor
from codesync_server.configuration.settings import Settings
from codesync_server.memory_monitor import MemoryMonitor, Pressure, resident_bytes
from tests.client.watching import watching
from tests.servers import RunningServer, running_server
from tests.waiting import eventually

MB = 1 << 20
SPARE = 250 * MB
"""What the process of the test may grow by before the watch acts."""


@dataclass
class Fake:
    """A process whose memory the test chooses."""

    resident: int
    relieved: int = 0
    shed: int = 0
    frees: int = 0

    def relieve(self) -> None:
        self.relieved += 1
        self.resident -= self.frees

    def shed_room(self) -> bool:
        self.shed += 1
        return True

    def watch(self, limit: int) -> MemoryMonitor:
        return MemoryMonitor(limit, self.relieve, self.shed_room, lambda: self.resident)


def test_the_resident_memory_of_this_process_is_measured() -> None:
    before = resident_bytes()
    ballast = bytearray(b"x") * (64 * MB)
    assert resident_bytes() - before > 32 * MB
    assert len(ballast) == 64 * MB


async def test_f32_far_from_the_limit_nothing_is_done() -> None:
    process = Fake(resident=500 * MB)
    watch = process.watch(1000 * MB)
    await watch.check(0.0)
    assert watch.pressure is Pressure.NONE
    assert watch.reason == ""
    assert (process.relieved, process.shed) == (0, 0)


async def test_f32_near_the_limit_memory_is_relieved_and_no_room_is_shed() -> None:
    process = Fake(resident=900 * MB)
    watch = process.watch(1000 * MB)
    await watch.check(0.0)
    assert watch.pressure is Pressure.HIGH
    assert watch.reason == "the server's memory is nearly used up (900 of 1000 MB)"
    assert (process.relieved, process.shed) == (1, 0)


async def test_f32_at_the_limit_rooms_are_shed_one_after_the_other() -> None:
    process = Fake(resident=1200 * MB)
    watch = process.watch(1000 * MB)
    await watch.check(0.0)
    await watch.check(memory_monitor.RELIEF_PAUSE_SECONDS / 2)
    assert process.shed == 1, "memory comes back some time after a room is closed"
    await watch.check(memory_monitor.RELIEF_PAUSE_SECONDS)
    assert process.shed == 2


async def test_f32_where_relief_suffices_no_room_is_shed() -> None:
    process = Fake(resident=1200 * MB, frees=300 * MB)
    watch = process.watch(1000 * MB)
    await watch.check(0.0)
    assert (process.relieved, process.shed) == (1, 0)
    assert watch.pressure is Pressure.HIGH


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[RunningServer]:
    """A server that checks often, and may grow by SPARE."""
    monkeypatch.setattr(memory_monitor, "CHECK_SECONDS", 0.05)
    limit = await asyncio.to_thread(resident_bytes) + SPARE
    settings = Settings(port=0, executor="local", memory_max=limit)
    async with running_server(replace(settings, drain_seconds=1.0)) as server:
        yield server


async def test_f32_the_largest_room_makes_way_and_comes_back_when_there_is_memory(
    server: RunningServer,
) -> None:
    health = server.app.health
    async with (
        watching(server.room("ana", room="old-room", shares_text=True)) as ana,
        watching(server.room("ben", room="new-room", shares_text=True)) as ben,
    ):
        await ana.room.text_settled()
        await ben.room.text_settled()
        ben.room.document.replace(SOURCE, "x" * (MB // 2))
        await ben.room.text_settled()
        ballast = bytearray(b"x") * (2 * SPARE)
        await ben.until_any(Disconnected)
        assert "memory" in ben.of(Disconnected)[0].reason
        with pytest.raises(EntryRefused, match=r"memory is nearly used up .* Try again"):
            async with server.room("eva", room="another-room"):
                pass
        assert health()["status"] == "degraded"
        ballast.clear()
        await eventually(lambda: health()["status"] == "ok")
        await ben.until(lambda: ben.room.connected)
        assert len(ana.of(Disconnected)) <= 1, "the smaller room is the last to make way"
        async with server.room("eva", room="another-room") as eva:
            assert eva.connected
