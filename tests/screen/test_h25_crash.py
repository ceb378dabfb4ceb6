"""H25: when the screen crashes, the terminal is restored and the room can be opened again."""

import os
import signal
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.tui.pseudo_terminal import SECONDS, PseudoTerminal, pseudo_terminal
from tests.tui.terminal_app import in_a_thread

LEAVE = b"\x11"  # ctrl+q
ROOM = ("--executor=local", "--port=0", "--room=den")


@contextmanager
def codesync(home: Path, *arguments: str) -> Generator[PseudoTerminal]:
    """The command on a terminal, once its screen is in the room."""
    with pseudo_terminal(
        "-P",
        *("-m", "codesync_cli", *arguments),
        HOME=str(home),
        XDG_STATE_HOME=str(home / "state"),
        XDG_DATA_HOME=str(home / "data"),
    ) as terminal:
        terminal.read_until("synced")
        yield terminal


def children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def crash(terminal: PseudoTerminal, number: signal.Signals = signal.SIGSEGV) -> None:
    """Kill the screen, and read until the user is asked what to do."""
    (screen,) = children(terminal.process.pid)
    terminal.written = b""
    os.kill(screen, number)
    terminal.read_until("press Enter")
    terminal.read_until("later: ")


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL])
def test_h25_a_crash_restores_the_terminal(number: signal.Signals, tmp_path: Path) -> None:
    with codesync(tmp_path, *ROOM) as terminal:
        crash(terminal, number)
        assert b"\x1b[?1049l" in terminal.written
        assert f"the screen crashed ({number.name})".encode() in terminal.written
        terminal.read_until("codesync --room den")
        assert terminal.is_restored()
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.read_to_the_end() == 128 + number
        assert terminal.is_restored()


def test_h25_a_crash_leaves_a_trace(tmp_path: Path) -> None:
    with codesync(tmp_path, *ROOM) as terminal:
        crash(terminal)
        (trace,) = (tmp_path / "state" / "codesync" / "crashes").glob("*.txt")
        assert trace.stat().st_mode & 0o777 == 0o600
        assert "Segmentation fault" in trace.read_text()


def test_h25_the_room_is_opened_again(tmp_path: Path) -> None:
    with codesync(tmp_path, *ROOM) as terminal:
        server = children(children(terminal.process.pid)[0])
        crash(terminal)
        terminal.written = b""
        terminal.press(b"\r")
        terminal.read_until("synced")
        terminal.press(LEAVE)
        assert terminal.read_to_the_end() == 0
        assert terminal.is_restored()
    wait_for_end(server)


def test_h25_a_room_that_was_joined_is_entered_again(tmp_path: Path) -> None:
    with in_a_thread() as server:
        with codesync(tmp_path, "join", str(server.link)) as terminal:
            crash(terminal)
            terminal.written = b""
            terminal.press(b"\r")
            terminal.read_until("synced")
            terminal.press(LEAVE)
            assert terminal.read_to_the_end() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_h25_signals_to_the_command_end_the_screen(number: signal.Signals, tmp_path: Path) -> None:
    with codesync(tmp_path, *ROOM) as terminal:
        terminal.process.send_signal(number)
        assert terminal.read_to_the_end() == 128 + number
        assert terminal.is_restored()


def test_h25_the_screen_ends_with_its_parent(tmp_path: Path) -> None:
    with codesync(tmp_path, *ROOM) as terminal:
        screen = children(terminal.process.pid)
        server = children(screen[0])
        terminal.process.kill()
        terminal.read_to_the_end()
        wait_for_end([*screen, *server])
        assert terminal.is_restored()


def wait_for_end(pids: list[int]) -> None:
    deadline = time.monotonic() + SECONDS
    while any(is_running(pid) for pid in pids):
        assert time.monotonic() < deadline, pids
        time.sleep(0.05)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
