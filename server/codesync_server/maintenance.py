"""Periodic work of a server: checks, saves and unloads rooms, and deletes old jobs."""

import asyncio
import logging

from codesync_server.configuration.settings import Settings
from codesync_server.documents.load_process import LoadProcesses
from codesync_server.rooms.document_checks import check_document
from codesync_server.rooms.registry import FORGET_SECONDS, Rooms
from codesync_server.store.contract import Retention, Store, StoreUnavailable

FORGET_ROOMS_SECONDS = 5.0
FORGET_PAUSE_SECONDS = 0.01
SAVE_USED_SECONDS = 300.0
TELL_MEMBERS_SECONDS = 0.25
CHECK_DOCUMENTS_SECONDS = 10.0
PRUNE_SECONDS = 3600.0

_DAY = 86_400.0

log = logging.getLogger(__name__)


async def forget_rooms(rooms: Rooms) -> None:
    """Forget the rooms that were empty for long enough; runs until it is cancelled."""
    while True:
        is_done = rooms.forget_idle(asyncio.get_running_loop().time(), FORGET_SECONDS)
        await asyncio.sleep(FORGET_ROOMS_SECONDS if is_done else FORGET_PAUSE_SECONDS)


async def announce_members(rooms: Rooms) -> None:
    """Tell large rooms who is in them, if that had to wait; runs until it is cancelled."""
    while True:
        await asyncio.sleep(TELL_MEMBERS_SECONDS)
        for room in rooms:
            room.member_news.announce_delayed()


async def save_used_rooms(rooms: Rooms) -> None:
    """Save that rooms are in use; runs until it is cancelled."""
    while True:
        await asyncio.sleep(SAVE_USED_SECONDS)
        rooms.save_used()


async def check_documents(rooms: Rooms, processes: LoadProcesses) -> None:
    """Check the documents of all rooms; runs until it is cancelled.

    Args:
        rooms: all rooms.
        processes: where documents are loaded.
    """
    while True:
        await asyncio.sleep(CHECK_DOCUMENTS_SECONDS)
        for room in rooms:
            await check_document(room, processes)
            await asyncio.sleep(0)


async def prune(rooms: Rooms, store: Store, retention: Retention) -> None:
    """Delete what is older or larger than the store is to keep; runs until it is cancelled.

    Args:
        rooms: the rooms in use, of which nothing is deleted but old jobs.
        store: the store.
        retention: what it is to keep.

    Raises:
        StoreLost: another server has the store now.
    """
    while True:
        try:
            in_use = frozenset(room.name for room in rooms)
            if deleted := await store.prune(retention, in_use):
                log.info("%d jobs were old, or too much, and are deleted", deleted)
        except StoreUnavailable as error:
            log.warning("what is old cannot be deleted now: %s", error)
        await asyncio.sleep(PRUNE_SECONDS)


def retention(settings: Settings) -> Retention:
    """Return what the store is to keep by the settings."""
    days, rooms_days = settings.keep_jobs_days, settings.keep_rooms_days
    return Retention(
        None if days is None else days * _DAY,
        None if rooms_days is None else rooms_days * _DAY,
        settings.keep_bytes,
    )
