"""Pilots wait for the messages of an app, not for an idle process."""

import pytest
from textual import _wait
from textual.app import App
from textual.message import Message

KEYS = 20


class Chain(Message):
    """Causes another one, until none is left."""

    def __init__(self, left: int) -> None:
        super().__init__()
        self.left = left


class Chained(App[None]):
    """Does the work of a key in several messages, and the last of it after a painting."""

    done = 0

    def on_key(self) -> None:
        self.post_message(Chain(5))

    def on_chain(self, message: Chain) -> None:
        if message.left:
            self.post_message(Chain(message.left - 1))
        else:
            self.call_after_refresh(self.count)

    def count(self) -> None:
        self.done += 1


async def test_what_a_key_causes_is_done_when_it_was_pressed() -> None:
    async with Chained().run_test() as pilot:
        assert isinstance(pilot.app, Chained)
        for number in range(KEYS):
            await pilot.press("x")
            assert pilot.app.done == number + 1


async def test_h43_no_pilot_waits_until_the_process_is_idle(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def sleep(_: float) -> None:
        pytest.fail("Textual's own wait was used")

    monkeypatch.setattr(_wait, "sleep", sleep)
    async with Chained().run_test() as pilot:
        await pilot.press(*"x" * KEYS)
        await pilot.pause()
        await pilot.wait_for_scheduled_animations()
        assert isinstance(pilot.app, Chained)
        assert pilot.app.done == KEYS
