"""Slow connections: the effect of --slow-link, and the hint at it."""

import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from textual.events import CursorPosition

from codesync_tui.terminal.slow_link import (
    CURSOR_QUERY,
    PAUSE_SECONDS,
    SAMPLES,
    SLOW_SECONDS,
    SlowLinkHint,
    may_be_slow,
)
from tests.tui.app_in_room import app_in_room
from tests.tui.pseudo_terminal import pseudo_terminal
from tests.tui.terminal_app import in_a_thread

CONNECTION = "192.0.2.1 50000 192.0.2.2 22"
LEAVE = b"\x11"  # ctrl+q


class Far:
    """A terminal that answers after so many seconds, and the hint that measures it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.told: list[str] = []
        self.written: list[str] = []
        self._due: list[Callable[[], None]] = []
        self.hint = SlowLinkHint(self.written.append, self.told.append, self._later, self._clock)

    def _clock(self) -> float:
        return self.now

    def _later(self, seconds: float, act: Callable[[], None]) -> None:
        assert seconds == PAUSE_SECONDS
        self._due.append(act)

    def answers(self, *delays: float) -> None:
        for delay in delays:
            self._due.pop(0)()
            self.now += delay
            self.hint.cursor_reported()


def test_whoever_always_waits_long_is_told_once() -> None:
    far = Far()
    far.hint.start()
    far.answers(0.9, 0.5, 0.25)
    assert far.written == [CURSOR_QUERY] * SAMPLES
    (told,) = far.told
    assert told.startswith("Your terminal takes 0.2 s to answer.")
    assert "--slow-link" in told
    far.hint.cursor_reported()
    assert len(far.told) == 1


@pytest.mark.parametrize("quick", range(SAMPLES))
def test_one_quick_answer_says_that_the_link_is_not_what_takes_long(quick: int) -> None:
    far = Far()
    far.hint.start()
    far.answers(*(0.01 if number == quick else 5.0 for number in range(SAMPLES)))
    assert far.told == []


def test_an_answer_that_nobody_asked_for_is_none() -> None:
    far = Far()
    far.hint.start()
    far.now = 10.0
    far.hint.cursor_reported()
    far.answers(1.0, 1.0)
    assert far.told == []


def test_only_those_who_came_over_ssh_without_slow_link_are_asked() -> None:
    assert may_be_slow({"SSH_CONNECTION": CONNECTION}, 60)
    assert not may_be_slow({"SSH_CONNECTION": CONNECTION}, 10)
    assert not may_be_slow({"SSH_CONNECTION": ""}, 60)
    assert not may_be_slow({}, 60)


async def test_the_hint_is_a_notice_that_leaves_the_focus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_CONNECTION", CONNECTION)
    monkeypatch.setattr("codesync_tui.terminal.slow_link.PAUSE_SECONDS", 0.01)
    monkeypatch.setattr("codesync_tui.terminal.slow_link.SLOW_SECONDS", 0.0)
    async with app_in_room() as on:

        def is_told() -> bool:
            on.app.post_message(CursorPosition(0, 0))
            return any("--slow-link" in notice for notice in on.notices())

        await on.until(is_told)
        assert on.editor.has_focus


def test_a_terminal_that_is_far_away_is_found_out() -> None:
    app = ("-m", "tests.tui.terminal_app", "idle")
    with pseudo_terminal(*app, SSH_CONNECTION=CONNECTION) as terminal:
        for _ in range(SAMPLES):
            terminal.read_until(CURSOR_QUERY)
            terminal.written = b""
            time.sleep(SLOW_SECONDS)  # not to wait for something: the way there and back
            terminal.press(b"\x1b[5;7R")
        terminal.read_until("--slow-link")
        terminal.press(LEAVE)
        assert terminal.read_to_the_end() == 0


def run(*flags: str) -> bytes:
    """Give what is written to a terminal of the best kind until the room is there."""
    with in_a_thread() as server:
        arguments = ("-m", "codesync_cli", "join", str(server.link), *flags)
        with pseudo_terminal(*arguments) as terminal:
            terminal.read_until("synced")
            terminal.press(LEAVE)
            assert terminal.read_to_the_end() == 0
            return terminal.written


def test_slow_link_writes_256_colours_and_not_16_million() -> None:
    assert b"38;2;" in run()
    slow = run("--slow-link")
    assert b"38;2;" not in slow
    assert b"38;5;" in slow


def test_what_the_environment_says_goes_before_slow_link(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEXTUAL_COLOR_SYSTEM", "truecolor")
    assert b"38;2;" in run("--slow-link")


def test_slow_link_paints_seldom_and_moves_nothing() -> None:
    program = (
        "from codesync_cli.screen import use_slow_link; use_slow_link();"
        "from textual import constants as c;"
        "print(c.MAX_FPS, c.TEXTUAL_ANIMATIONS, c.SMOOTH_SCROLL, c.COLOR_SYSTEM)"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert told.stdout.split() == [b"10", b"none", b"False", b"256"]
