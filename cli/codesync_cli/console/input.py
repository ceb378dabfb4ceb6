"""Reads stdin of any type, without blocking the event loop or changing the descriptor."""

import asyncio
import os
import stat
from collections.abc import AsyncIterator

CHUNK_BYTES = 64 * 1024


async def read_chunks(descriptor: int) -> AsyncIterator[bytes]:
    """Yield the data of a descriptor until its end.

    The descriptor stays in blocking mode: it is shared with the shell and the other programs that
    have it. A terminal or a pipe is read when it is readable; a file never keeps one waiting.

    Args:
        descriptor: any open descriptor.
    """
    mode = os.fstat(descriptor).st_mode
    waits = stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or os.isatty(descriptor)
    while True:
        if waits:
            await _readable(descriptor)
        try:
            data = os.read(descriptor, CHUNK_BYTES)
        except OSError:  # a terminal that was closed
            return
        if not data:
            return
        yield data
        await asyncio.sleep(0)  # a file is always ready: let others have the loop


async def _readable(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(descriptor, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(descriptor)
