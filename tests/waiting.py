"""Waits for conditions, with a time limit and without fixed delays."""

import asyncio
from collections.abc import Callable

POLL_SECONDS = 0.01

SECONDS = 60.0
"""How long anything is waited for: a slow machine takes its time, and only a failure takes all."""


async def eventually(is_so: Callable[[], object], seconds: float = SECONDS) -> None:
    """Wait until something is so.

    Raises:
        TimeoutError: it did not become so.
    """
    async with asyncio.timeout(seconds):
        while not is_so():  # noqa: ASYNC110 # what is waited for has no event of its own
            await asyncio.sleep(POLL_SECONDS)
