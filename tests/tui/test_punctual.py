"""A one-shot timer goes off, however late the process gets to it."""

import asyncio
import time

import pytest
from textual.app import App

from codesync_tui.punctual import Punctual
from tests.waiting import eventually


class Held(App[None]):
    """An app whose process is held up between the lines of a timer that has just been set."""


class Sure(Punctual, Held):
    """The same, with timers that go off."""


def held_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a second pass each time that a timer looks at the clock."""
    looks = iter(range(1_000_000))
    monkeypatch.setattr("textual._time.get_time", lambda: time.monotonic() + next(looks))


async def test_a_timer_that_is_late_goes_off(monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[str] = []
    async with Sure().run_test() as pilot:
        held_up(monkeypatch)
        pilot.app.set_timer(0.001, lambda: rung.append("sure"))
        await eventually(lambda: rung)


async def test_textuals_own_timers_need_that(monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[str] = []
    async with Held().run_test() as pilot:
        held_up(monkeypatch)
        late = pilot.app.set_timer(0.001, lambda: rung.append("held"))
        await eventually(lambda: late.name not in {t.get_name() for t in asyncio.all_tasks()})
        assert not rung, "Textual has mended it: Punctual can go"
