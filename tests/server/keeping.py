"""A keeper at work on a store in memory."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from codesync_server.store.keeper import Keeper
from codesync_server.store.sqlite import SqliteStore

SETTLE_SECONDS = 60.0


@asynccontextmanager
async def keeper_at_work() -> AsyncGenerator[Keeper, None]:
    """Keep things while the block lasts."""
    store = SqliteStore(None)
    await store.open()
    keeper = Keeper(store, lambda _: None)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(keeper.run())
        yield keeper
        running.cancel()
    await store.close()


async def settled(keeper: Keeper) -> None:
    """Wait until everything is kept, and whoever waited for it has been told."""
    assert await keeper.settle(SETTLE_SECONDS)
    await asyncio.sleep(0)
