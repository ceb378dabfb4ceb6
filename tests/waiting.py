"""Waiting for something to become so: bounded, and without guessing how long it takes."""

import asyncio
from collections.abc import Callable

POLL_SECONDS = 0.01


async def eventually(is_so: Callable[[], object], seconds: float = 15.0) -> None:
    """Wait until something is so.

    Raises:
        TimeoutError: it did not become so.
    """
    async with asyncio.timeout(seconds):
        while not is_so():  # noqa: ASYNC110 # what is waited for has no event of its own
            await asyncio.sleep(POLL_SECONDS)
