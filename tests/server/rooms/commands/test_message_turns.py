"""Messages that are handled in one turn of the event loop, with a clock of the test."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Sequence

import pytest

from codesync_server.rooms.commands.message_turns import WOKEN_A_TURN, MessageTurns

SECONDS = 0.005


class Work:
    """Messages that take time, and the turn of the event loop in which each was handled."""

    def __init__(self) -> None:
        self.now = 0.0
        self.turn = 0
        self.handled: list[tuple[str, int]] = []
        self.turns = MessageTurns(SECONDS, lambda: self.now)

    async def count_turns(self) -> None:
        """Count the turns of the event loop."""
        while True:
            self.turn += 1
            await asyncio.sleep(0)

    async def handle(self, room: str, seconds: float) -> None:
        """Handle one message."""
        await self.turns.wait(room)
        self.now += seconds
        self.handled.append((room, self.turn))

    async def handle_all(self, rooms: Sequence[str], seconds: float) -> None:
        """Handle a message of each of these rooms; all arrive at the same time."""
        async with asyncio.TaskGroup() as tasks:
            for room in rooms:
                tasks.create_task(self.handle(room, seconds))

    @property
    def by_turn(self) -> Counter[int]:
        """How many messages were handled in each turn of the event loop."""
        return Counter(turn for _, turn in self.handled)


@pytest.fixture
async def work() -> AsyncGenerator[Work, None]:
    work = Work()
    counting = asyncio.get_running_loop().create_task(work.count_turns())
    yield work
    counting.cancel()


async def test_h07_cheap_messages_are_handled_at_once(work: Work) -> None:
    await work.handle_all(["room"] * 100, SECONDS / 200)
    assert len(work.by_turn) == 1


async def test_h07_expensive_messages_are_handled_one_in_a_turn(work: Work) -> None:
    await work.handle_all(["room"] * 50, 4 * SECONDS)
    assert len(work.handled) == 50
    assert set(work.by_turn.values()) == {1}


async def test_h07_no_turn_has_more_messages_than_time_for_them(work: Work) -> None:
    await work.handle_all(["room"] * 200, SECONDS / 4)
    assert sum(work.by_turn.values()) == 200
    assert max(work.by_turn.values()) <= 4 + 1
    waited = 200 - 4
    assert len(work.by_turn) <= 2 + waited / min(4, WOKEN_A_TURN) * 2, "no turn is wasted"


async def test_h07_rooms_take_turns(work: Work) -> None:
    await work.handle_all(["evil"] * 300 + ["good"] * 3 + ["other"] * 3, 4 * SECONDS)
    order = [room for room, _ in work.handled]
    assert max(order.index("good"), order.index("other")) < 4
    assert len(order) - order[::-1].index("good") < 12, "its last one is not behind all of the evil"
    assert order.count("evil") == 300


async def test_h07_a_later_message_does_not_overtake_those_that_wait(work: Work) -> None:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(work.handle_all(["room"] * 10, 4 * SECONDS))
        for _ in range(4):
            await asyncio.sleep(0)
        assert 0 < len(work.handled) < 10
        tasks.create_task(work.handle("late", SECONDS))
    assert [room for room, _ in work.handled].index("late") > 1
    assert len(work.handled) == 11


async def test_members_who_leave_hold_up_nobody(work: Work) -> None:
    async with asyncio.TaskGroup() as tasks:
        leaving = [tasks.create_task(work.handle("room", 4 * SECONDS)) for _ in range(40)]
        staying = tasks.create_task(work.handle("room", SECONDS))
        for _ in range(6):
            await asyncio.sleep(0)
        for each in leaving:
            each.cancel()
        await staying
    await work.handle_all(["room"] * 3, SECONDS)
    assert len(work.handled) < 40
