"""Deadlines that count only the time in which this process could have noticed an answer.

On a busy machine, or while a screen is built, the event loop can stand still for longer than a
server may take. Then the answer is there, but a plain deadline passes before it is read.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

_STEPS = 20


@asynccontextmanager
async def patient_timeout(seconds: float) -> AsyncGenerator[None, None]:
    """Limit a block as `asyncio.timeout` does; a pause of the event loop counts as one short step.

    Args:
        seconds: the time that the block may take.

    Raises:
        TimeoutError: it took longer.
    """
    loop = asyncio.get_running_loop()
    steps = 0
    timer: asyncio.TimerHandle

    def step() -> None:
        nonlocal steps, timer
        steps += 1
        if steps == _STEPS:
            scope.reschedule(loop.time())
        else:
            timer = loop.call_later(seconds / _STEPS, step)

    async with asyncio.timeout(None) as scope:
        timer = loop.call_later(seconds / _STEPS, step)
        try:
            yield
        finally:
            timer.cancel()
