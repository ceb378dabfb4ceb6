"""A machine that is busy does not take a server for silent."""

import asyncio
import time

import pytest

from codesync_client.connection.patience import patient_timeout

SECONDS = 0.2


async def test_an_event_loop_that_stood_still_does_not_end_a_block() -> None:
    async with patient_timeout(SECONDS):
        time.sleep(2 * SECONDS)  # noqa: ASYNC251 # this is what is tested
        await asyncio.sleep(0)


async def test_a_block_that_waits_in_vain_is_ended() -> None:
    with pytest.raises(TimeoutError):
        async with patient_timeout(SECONDS):
            await asyncio.get_running_loop().create_future()


async def test_a_block_that_is_left_in_time_leaves_no_timer() -> None:
    async with patient_timeout(SECONDS):
        pass
    await asyncio.sleep(0)
