"""A class submits at once, from the messages of members to the queue."""

import asyncio

from codesync_protocol.messages import Accepted, Rejected
from tests.server.keeping import keeper_at_work
from tests.server.making import make_submit
from tests.server.rooms.commands.test_dispatch import House


async def test_h33_of_300_members_in_100_rooms_nobody_is_refused() -> None:
    async with keeper_at_work() as writer:
        house = House(writer)
        hands = [
            house.hand(f"member-{number}", room=f"room-{number % 100}", invite=f"{number % 100}")
            for number in range(300)
        ]
        async with asyncio.TaskGroup() as tasks:
            for number, hand in enumerate(hands):
                tasks.create_task(hand.does(make_submit(number, source=b"print('hello')")))
        assert [len(hand.ear.of(Accepted)) for hand in hands] == [1] * 300
        assert not any(hand.ear.of(Rejected) for hand in hands)
        assert house.scheduler.queued == 300
        turns = [job.room for job in house.scheduler.waiting()]
        for start in range(0, 300, 100):
            assert len(set(turns[start : start + 100])) == 100, "each room has one turn of three"
