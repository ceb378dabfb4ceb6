"""A one-shot timer fires, also if the process is late."""

import asyncio
import itertools
import time

import pytest
from textual.app import App

from codesync_tui.terminal.reliable_timers import ReliableTimers
from tests.waiting import eventually

LATE = "late"


class Held(App[None]):
    """An app whose process is held up between the lines of a timer that has just been set."""


class Sure(ReliableTimers, Held):
    """The same, with timers that go off."""


def held_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a second pass each time that the late timer looks at the clock."""
    looks = itertools.count()

    def now() -> float:
        task = asyncio.current_task()
        is_late = task is not None and task.get_name() == LATE
        return time.monotonic() + (next(looks) if is_late else 0)

    monkeypatch.setattr("textual._time.get_time", now)


async def test_a_timer_that_is_late_goes_off(monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[str] = []
    async with Sure().run_test() as pilot:
        held_up(monkeypatch)
        pilot.app.set_timer(0.001, lambda: rung.append("sure"), name=LATE)
        await eventually(lambda: rung)


async def test_textuals_own_timers_need_that(monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[str] = []
    async with Held().run_test() as pilot:
        held_up(monkeypatch)
        pilot.app.set_timer(0.001, lambda: rung.append("held"), name=LATE)
        await eventually(lambda: LATE not in {t.get_name() for t in asyncio.all_tasks()})
        assert not rung, "Textual has mended it: Punctual can go"
