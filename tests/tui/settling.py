"""Waits until an app has processed its input, by its messages and not by its cpu load.

Textual's own `wait_for_idle` sleeps 20 ms for each wait, and up to a second while the process uses
more than a twentieth of a CPU, for whatever reason. Two of these waits follow each key.
"""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import pytest
from textual import app as textual_app
from textual import pilot as textual_pilot
from textual.app import App
from textual.pilot import Pilot

ROUNDS_MAX = 100
"""An app whose messages never end, such as those of an animation, is not waited for."""

MOMENT_SECONDS = 0.02
"""Given to sockets and threads once for each pause and each series of keys, as Textual does.

No test needs it to see that something happens; those that see that nothing happens would see less.
"""

TO_BE_PAINTED = (
    "_layout_required",
    "_scroll_required",
    "_repaint_required",
    "_recompose_required",
    "_dirty_widgets",
)
"""Attributes of a screen: what its next painting, at most 1/60 s later, has to do."""

WAITING: tuple[tuple[type, str], ...] = (
    (App, "_press_keys"),
    (Pilot, "pause"),
    (Pilot, "wait_for_scheduled_animations"),
)
"""The methods of Textual that call `wait_for_idle`."""


async def settle(pilot: Pilot[Any]) -> None:
    """Wait until no message of the app or of a widget on its screen is to be handled.

    What they call after the next painting is done, too. What threads, workers and sockets do
    meanwhile is not waited for: wait for its result.
    """
    for _ in range(ROUNDS_MAX):
        had_none = not _has_work(pilot.app)
        # Returns behind the messages that are being handled or have been there.
        if not await pilot._wait_for_screen():  # pyright: ignore[reportPrivateUsage]
            return
        if not pilot.app.screen_stack:
            return
        if not _has_messages(pilot.app):
            if had_none and not _has_work(pilot.app):
                return
            pilot.app.screen._on_timer_update()  # pyright: ignore[reportPrivateUsage]


def _has_work(app: App[Any]) -> bool:
    if not app.screen_stack:
        return False
    screen: Any = app.screen
    return (
        _has_messages(app)
        or screen._callbacks  # to be called after a painting
        or any(getattr(screen, name) for name in TO_BE_PAINTED)
    )


def _has_messages(app: App[Any]) -> bool:
    if app.message_queue_size:
        return True
    return any(each.message_queue_size for each in app.screen.walk_children(with_self=True))


_waited_for: ContextVar[App[Any]] = ContextVar("_waited_for")


def by_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have all pilots wait so, after each key and in each pause."""

    async def wait(*_: float) -> None:
        await settle(Pilot(_waited_for.get()))

    def waiting(stock: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        async def method(owner: Any, *arguments: Any) -> None:  # an app or a pilot
            with _waiting_for(owner.app):
                await stock(owner, *arguments)
                await asyncio.sleep(MOMENT_SECONDS)
                await settle(Pilot(owner.app))

        return method

    monkeypatch.setattr(textual_app, "wait_for_idle", wait)
    monkeypatch.setattr(textual_pilot, "wait_for_idle", wait)
    for owner, name in WAITING:
        monkeypatch.setattr(owner, name, waiting(getattr(owner, name)))


@contextmanager
def _waiting_for(app: App[Any]) -> Generator[None]:
    token = _waited_for.set(app)
    try:
        yield
    finally:
        _waited_for.reset(token)
