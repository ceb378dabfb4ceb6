"""Commands that take time run in order, without delaying others."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from codesync_server.rooms.commands.command_queue import WAITING_MAX, Command, CommandQueue
from tests.waiting import SECONDS, eventually


class Desk:
    """Commands to put into a queue, and which of them were run."""

    def __init__(self) -> None:
        self.command_queue = CommandQueue()
        self.done: list[int] = []
        self.may_go_on = asyncio.Event()

    def command(self, number: int) -> Command:
        """One that waits until it may go on."""

        async def do() -> None:
            await self.may_go_on.wait()
            self.done.append(number)

        return do


@pytest.fixture
async def desk() -> AsyncGenerator[Desk, None]:
    desk = Desk()
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(desk.command_queue.run())
        yield desk
        running.cancel()


async def test_they_are_done_in_the_order_in_which_they_came(desk: Desk) -> None:
    for number in range(5):
        await desk.command_queue.put(desk.command(number))
    assert desk.done == []
    desk.may_go_on.set()
    await eventually(lambda: not desk.command_queue.waiting)
    assert desk.done == [0, 1, 2, 3, 4]


async def test_a_job_is_concerned_until_its_errands_are_done(desk: Desk) -> None:
    await desk.command_queue.put(desk.command(1), "job-a")
    await desk.command_queue.put(desk.command(2), "job-b")
    assert [desk.command_queue.has_commands_for(job) for job in ("job-a", "job-b", "job-c")] == [
        True,
        True,
        False,
    ]
    desk.may_go_on.set()
    await eventually(lambda: not desk.command_queue.waiting)
    assert not desk.command_queue.has_commands_for("job-a")


async def test_when_too_much_waits_the_member_does(desk: Desk) -> None:
    for number in range(WAITING_MAX):
        await desk.command_queue.put(desk.command(number))
    one_more = asyncio.ensure_future(desk.command_queue.put(desk.command(WAITING_MAX)))
    await asyncio.sleep(0)
    assert not one_more.done()
    desk.may_go_on.set()
    await one_more
    await eventually(lambda: len(desk.done) == WAITING_MAX + 1)


async def test_one_that_was_begun_is_done_and_the_others_are_not() -> None:
    desk = Desk()
    running = asyncio.ensure_future(desk.command_queue.run())
    for number in range(3):
        await desk.command_queue.put(desk.command(number))
    await asyncio.sleep(0)
    await desk.command_queue.end()
    desk.may_go_on.set()
    async with asyncio.timeout(SECONDS):
        await running
    assert desk.done == [0]


async def test_one_that_fails_does_not_keep_the_others_from_being_done(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail() -> None:
        raise RuntimeError("a bug")

    await desk.command_queue.put(fail)
    await desk.command_queue.put(desk.command(1))
    desk.may_go_on.set()
    await eventually(lambda: desk.done == [1])
    assert "a command failed" in caplog.text
