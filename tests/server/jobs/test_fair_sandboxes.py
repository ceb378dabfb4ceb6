"""A room with a running job leaves the last parked sandbox to other rooms."""

import asyncio

from codesync_protocol.verdict import Verdict
from codesync_server.configuration.settings import Settings
from codesync_server.executors.choice import pool_sizes
from codesync_server.executors.contract import Sandbox
from codesync_server.jobs.scheduler import Scheduler
from tests.server.doubles import Recorder, SlowExecutor
from tests.server.making import all_languages, make_job
from tests.waiting import eventually


class AskedExecutor(SlowExecutor):
    """Remembers which jobs were patient, in the order in which they asked for a sandbox."""

    def __init__(self) -> None:
        super().__init__()
        self.patient: list[bool] = []

    async def acquire(self, *, patient: bool = False) -> Sandbox:
        """Wait until it is allowed."""
        self.patient.append(patient)
        return await super().acquire(patient=patient)


async def test_h32_only_the_first_job_of_a_room_may_have_the_last_sandbox() -> None:
    executor, events = AskedExecutor(), Recorder()
    scheduler = Scheduler(executor, all_languages(), Settings(max_concurrent=3), events)
    first = [make_job(number, source=b"exit 0", room="room-a") for number in range(3)]
    other = make_job(9, source=b"exit 0", room="room-b")
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(scheduler.run())
        for job in first:
            scheduler.submit(job)
        await eventually(lambda: executor.wanted == 3)
        assert executor.patient == [False, True, True]
        scheduler.submit(other)
        await eventually(lambda: executor.wanted == 4)
        assert executor.patient == [False, True, True, False]
        executor.allow(4)
        await eventually(lambda: all(job.is_finished for job in (*first, other)))
        running.cancel()
    assert all(job.result and job.result.verdict is Verdict.OK for job in (*first, other))


def test_h32_a_pool_larger_than_the_slots_has_another_sandbox_in_reserve() -> None:
    assert pool_sizes(Settings(max_concurrent=3)) == (5, 1)
    assert pool_sizes(Settings(max_concurrent=3, pool_size=4)) == (5, 1)
    assert pool_sizes(Settings(max_concurrent=3, pool_size=3)) == (3, 0)
    assert pool_sizes(Settings(max_concurrent=3, pool_size=0)) == (0, 0)
