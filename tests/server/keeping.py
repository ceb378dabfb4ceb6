"""A store writer with a store in memory."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from codesync_server.store.sqlite import SqliteStore
from codesync_server.store.writer import StoreWriter

SETTLE_SECONDS = 60.0


@asynccontextmanager
async def keeper_at_work() -> AsyncGenerator[StoreWriter, None]:
    """Keep things while the block lasts."""
    store = SqliteStore(None)
    await store.open()
    writer = StoreWriter(store, lambda _: None)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(writer.run())
        yield writer
        running.cancel()
    await store.close()


async def settled(writer: StoreWriter) -> None:
    """Wait until everything is kept, and whoever waited for it has been told."""
    assert await writer.settle(SETTLE_SECONDS)
    await asyncio.sleep(0)
