"""Fixtures for the screen: the same terminal and colours on every machine."""

import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from codesync_client.connection import reconnecting
from codesync_client.document import replica
from codesync_tui.dialogs import history
from codesync_tui.panels import queue
from codesync_tui.recovery import unsent_edits
from codesync_tui.room import job_status
from tests.tui import settling
from tests.waiting import SECONDS


@pytest.fixture(autouse=True)
def _known_terminal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name in ("NO_COLOR", "TMUX", "TEXTUAL", "TEXTUAL_DRIVER"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def _one_group_however_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys that follow one another are undone together, also when the machine takes its time."""
    monkeypatch.setattr(replica, "UNDO_GROUP_MS", 300_000)
    monkeypatch.setattr(replica, "_GROUP_END_MS", 3_000_000)


@pytest.fixture(autouse=True)
def _handshakes_take_their_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconnecting, "WELCOME_SECONDS", SECONDS)


@pytest.fixture(autouse=True)
def _pilots_wait_for_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    settling.by_messages(monkeypatch)


@pytest.fixture
def time_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures show the same times whenever and wherever they are taken."""
    clock = SimpleNamespace(time=lambda: 0.0, strftime=time.strftime, localtime=time.gmtime)
    monkeypatch.setattr(queue, "monotonic", lambda: 1000.0)
    monkeypatch.setattr(job_status, "ENDED_SECONDS", 0.0)
    monkeypatch.setattr(unsent_edits, "time", clock)
    monkeypatch.setattr(history, "time", lambda: 10_000_000.0)
    monkeypatch.setattr(history, "localtime", time.gmtime)
