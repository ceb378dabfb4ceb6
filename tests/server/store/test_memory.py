"""What was accepted is known until it is long over."""

import pytest

from codesync_protocol.verdict import Result, Verdict
from codesync_server.store import memory
from codesync_server.store.contract import JobRecord
from codesync_server.store.memory import MemoryStore

OK = Result(Verdict.OK, "exit code 0")


def record(number: int, owner: str = "ana") -> JobRecord:
    return JobRecord(f"{number:032x}", "test-room", owner)


async def test_a_job_is_kept_once() -> None:
    store = MemoryStore()
    assert await store.accept(record(1)) is None
    assert await store.accept(record(1, owner="eve")) == record(1)


async def test_how_a_job_ended_is_kept_and_the_first_end_counts() -> None:
    store = MemoryStore()
    await store.accept(record(1))
    await store.finish(record(1).id, OK)
    await store.finish(record(1).id, Result(Verdict.LOST, "later"))
    known = await store.accept(record(1))
    assert known is not None
    assert known.result == OK


async def test_the_end_of_an_unknown_job_is_nothing() -> None:
    store = MemoryStore()
    await store.finish(record(1).id, OK)
    assert await store.accept(record(1)) is None


async def test_a_job_that_was_not_accepted_after_all_may_come_again() -> None:
    store = MemoryStore()
    await store.accept(record(1))
    await store.forget(record(1).id)
    await store.forget(record(1).id)
    assert await store.accept(record(1)) is None


async def test_only_so_many_that_ended_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "RECORDS_MAX", 2)
    store = MemoryStore()
    for number in range(4):
        await store.accept(record(number))
    for number in range(3):
        await store.finish(record(number).id, OK)
    assert await store.accept(record(0)) is None
    for number in (1, 2, 3):
        assert await store.accept(record(number)) is not None
