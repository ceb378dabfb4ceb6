"""Opening a room is announced at once, and keys typed meanwhile are discarded."""

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.screen.tmux import Terminal, Window, terminal

CODESYNC = f"{sys.executable} -m codesync_cli"


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[Terminal]:
    with terminal(tmp_path) as opened:
        yield opened


def stdin_log(window: Window) -> None:
    """Make sure that the shell's terminal shows what is typed, and gets nothing else."""
    window.type("echo back a''gain")
    window.shows("echo back a''gain")
    window.press("Enter")
    window.shows("\nback again")


def test_what_is_typed_while_a_room_opens_is_neither_shown_nor_written(tmux: Terminal) -> None:
    window = tmux.open("own", f"{CODESYNC} --executor=local --port=0")
    window.shows("opening the room")
    window.type("zzzz")
    screen = window.shows("synced", "Python")
    assert "zzzz" not in screen
    window.press("C-q")
    screen = window.shows("ended with 0")
    assert "zzzz" not in screen
    stdin_log(window)


def test_a_room_that_cannot_be_opened_leaves_the_terminal_as_it_was(tmux: Terminal) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        window = tmux.open("own", f"{CODESYNC} --executor=local --port={port}")
        window.shows("opening the room")
        window.type("zzzz")
        screen = window.shows("ended with 1")
    assert "zzzz" not in screen
    stdin_log(window)
