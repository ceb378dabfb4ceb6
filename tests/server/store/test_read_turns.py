"""Rooms read from the store by turns, whatever one of them asks."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from codesync_server.store.read_turns import ReadTurns
from tests.waiting import SECONDS


class Queries:
    """Queries of rooms, each of which ends when the test says so."""

    def __init__(self, tasks: asyncio.TaskGroup) -> None:
        self.begun: list[str] = []
        self.ends: list[asyncio.Event] = []
        self.ended = 0
        self._tasks = tasks
        self._turns = ReadTurns()

    def ask(self, room: str) -> asyncio.Task[None]:
        return self._tasks.create_task(self._query(room))

    async def _query(self, room: str) -> None:
        async with self._turns.turn(room):
            self.begun.append(room)
            end = asyncio.Event()
            self.ends.append(end)
            try:
                await end.wait()
                self.ended += 1
            finally:
                self.ends.remove(end)

    async def end_one(self) -> None:
        await rest()
        (running,) = self.ends
        running.set()
        await rest()


async def rest() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_h07_a_room_with_many_queries_delays_another_by_one() -> None:
    async with asyncio.timeout(SECONDS), asyncio.TaskGroup() as tasks:
        queries = Queries(tasks)
        for _ in range(30):
            queries.ask("hostile")
        await rest()
        for _ in range(2):
            queries.ask("innocent")
        for _ in range(32):
            await queries.end_one()
    assert queries.begun[:5] == ["hostile", "hostile", "innocent", "hostile", "innocent"]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=30))
async def test_one_query_runs_at_a_time_and_a_cancelled_one_holds_up_nobody(
    asked: list[tuple[str, bool]],
) -> None:
    async with asyncio.timeout(SECONDS), asyncio.TaskGroup() as tasks:
        queries = Queries(tasks)
        for room, is_cancelled in asked:
            task = queries.ask(room)
            await rest()
            if is_cancelled:
                task.cancel()
                await rest()
        left = sum(not is_cancelled for _, is_cancelled in asked)
        for _ in range(left):
            await queries.end_one()
        assert not queries.ends
        assert queries.ended == left
