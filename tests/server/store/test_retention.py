"""A server deletes exactly the records that its settings call old."""

import asyncio
from pathlib import Path
from time import time

from codesync_server.configuration.settings import Settings
from codesync_server.store.changes import SaveRoom
from codesync_server.store.sqlite import SqliteStore
from tests.server.store.making import a_job, a_room, put, ran
from tests.servers import running_server
from tests.waiting import POLL_SECONDS, SECONDS

DAY = 86_400.0


async def fill(path: Path) -> None:
    """Two rooms, of which one was last used long ago; and an old and a new job in the other."""
    now = time()
    store = SqliteStore(path)
    await store.open()
    await put(store, SaveRoom(a_room("den", used_at=now - DAY)))
    await put(store, SaveRoom(a_room("attic", used_at=now - 40 * DAY)))
    await ran(store, a_job(1, at=now - 9 * DAY), a_job(2, at=now - DAY))
    await store.close()


async def test_what_is_old_is_gone_soon_after_the_start(tmp_path: Path) -> None:
    await fill(tmp_path / "rooms.db")
    settings = Settings(
        port=0,
        executor="local",
        store=str(tmp_path / "rooms.db"),
        keep_jobs_days=7.0,
        keep_rooms_days=30.0,
    )
    async with running_server(settings) as server, asyncio.timeout(SECONDS):
        rooms = server.app.store.rooms
        while [line.name for line in await rooms(limit=9)] != ["den"]:  # noqa: ASYNC110 # it has no event
            await asyncio.sleep(POLL_SECONDS)
        async with server.room("ana", room="den") as ana:
            assert [each.place for each in (await ana.past.page()).jobs] == [2]
