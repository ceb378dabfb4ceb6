"""A past job is found by its id, independent of the length of the history."""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from codesync_cli.target_room import job_history
from codesync_client import JobHistoryRequests, NotFound
from codesync_server.store.changes import AcceptJob, FinishJob, SaveRoom
from codesync_server.store.sqlite import SqliteStore
from tests.server.store.making import OK, a_job, a_room, put

IDS = [f"{start}{'0' * 28}" for start in ("11aa", "11ab", "12ff")]


@pytest.fixture
async def arguments(tmp_path: Path) -> argparse.Namespace:
    """What means a room with jobs of these ids."""
    store = SqliteStore(tmp_path / "rooms.db")
    await store.open()
    await put(store, SaveRoom(a_room()))
    for number, job in enumerate(IDS, 1):
        await put(store, AcceptJob(replace(a_job(number), id=job)), FinishJob(job, OK, "", ()))
    await store.close()
    parser = argparse.ArgumentParser()
    job_history.add_arguments(parser)
    return parser.parse_args([f"--store={tmp_path / 'rooms.db'}"])


async def find(arguments: argparse.Namespace, beginning: str) -> str:
    async with job_history.job_history_of(arguments) as room:
        return (await job_history.find_job(room, beginning)).summary.job


async def test_its_beginning_is_enough_and_no_page_is_read(
    arguments: argparse.Namespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def page(*_: object, **__: object) -> Sequence[object]:
        raise AssertionError("history was read")

    monkeypatch.setattr(JobHistoryRequests, "page", page)
    assert await find(arguments, "11ab") == IDS[1]
    assert await find(arguments, IDS[2]) == IDS[2]
    for beginning, words in (("11a", "several past jobs begin with 11a"), ("", "no past job")):
        with pytest.raises(NotFound, match=words):
            await find(arguments, beginning)
