"""Time limits do not count the time in which the event loop was blocked."""

import asyncio
import threading
import time

import pytest

from codesync_server.loop_time import LoopTimer, loop_timeout
from codesync_server.store.store_monitor import StoreMonitor
from tests.waiting import eventually


def block(seconds: float) -> None:
    """Block the event loop, in a way that the check for blocking calls does not see."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pass


async def test_an_answer_that_came_while_the_loop_was_blocked_is_in_time() -> None:
    answered = threading.Event()
    loop = asyncio.get_running_loop()
    async with loop_timeout(0.2):
        answer = loop.run_in_executor(None, answered.wait)
        answered.set()
        block(0.4)
        assert await answer


async def test_an_answer_that_does_not_come_is_given_up() -> None:
    with pytest.raises(TimeoutError):
        async with loop_timeout(0.05):
            await asyncio.Event().wait()


async def test_a_timer_calls_back_once_and_not_after_it_was_cancelled() -> None:
    calls: list[str] = []
    LoopTimer(0.01, lambda: calls.append("first"))
    cancelled = LoopTimer(0.01, lambda: calls.append("cancelled"))
    cancelled.cancel()
    await eventually(lambda: calls)
    LoopTimer(0.01, lambda: calls.append("second"))
    await eventually(lambda: calls[1:])
    assert calls == ["first", "second"]


async def test_a_blocked_loop_does_not_make_the_store_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("codesync_server.store.store_monitor.ANSWER_SECONDS", 0.2)
    asked = 0
    loop = asyncio.get_running_loop()

    async def ping() -> None:
        nonlocal asked
        answer = loop.run_in_executor(None, int)
        block(0.4)
        await answer
        asked += 1

    monkeypatch.setattr("codesync_server.store.store_monitor.LOOK_SECONDS", 0.0)
    changes: list[str] = []
    monitor = StoreMonitor(ping, lambda: changes.append(monitor.problem))
    asking = loop.create_task(monitor.run())
    await eventually(lambda: asked > 1)
    asking.cancel()
    assert not changes
