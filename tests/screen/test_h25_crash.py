"""H25: when the screen crashes, the terminal is restored and the room can be opened again."""

import os
import signal
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.tui.pseudo_terminal import SECONDS, PseudoTerminal, pseudo_terminal
from tests.tui.terminal_app import in_a_thread

LEAVE = b"\x11"  # ctrl+q
RUN = b"\x1b[15~"  # F5
ROOM = ("--executor=local", "--port=0", "--room=den")


@contextmanager
def codesync(home: Path, *arguments: str) -> Generator[PseudoTerminal]:
    """The command on a terminal, once its screen is in the room."""
    with starting(home, *arguments) as terminal:
        terminal.read_until("synced")
        yield terminal


@contextmanager
def starting(home: Path, *arguments: str) -> Generator[PseudoTerminal]:
    """The command on a terminal."""
    with pseudo_terminal(
        "-P",
        *("-m", "codesync_cli", *arguments),
        HOME=str(home),
        XDG_STATE_HOME=str(home / "state"),
        XDG_DATA_HOME=str(home / "data"),
    ) as terminal:
        yield terminal


def children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def server_of(terminal: PseudoTerminal) -> int:
    """The process of the room's server."""
    (server,) = [each for each in children(terminal.process.pid) if is_server(each)]
    return server


def screen_of(terminal: PseudoTerminal) -> int:
    """The process of the screen."""
    (screen,) = [
        each for each in children(terminal.process.pid) if is_running(each) and not is_server(each)
    ]
    return screen


def is_server(pid: int) -> bool:
    return b"--embedded" in Path(f"/proc/{pid}/cmdline").read_bytes()


def crash(terminal: PseudoTerminal, number: signal.Signals = signal.SIGSEGV) -> None:
    """Kill the screen, and read until the user is asked what to do."""
    terminal.written = b""
    os.kill(screen_of(terminal), number)
    terminal.read_until("press Enter")
    terminal.read_until("later: ")


def leave(terminal: PseudoTerminal) -> None:
    """Interrupt the question after a crash."""
    terminal.process.send_signal(signal.SIGINT)


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL])
def test_h25_a_crash_restores_the_terminal(number: signal.Signals, tmp_path: Path) -> None:
    with codesync(tmp_path, *ROOM) as terminal:
        crash(terminal, number)
        assert b"\x1b[?1049l" in terminal.written
        assert f"the screen crashed ({number.name})".encode() in terminal.written
        terminal.read_until("codesync --room den")
        assert terminal.is_restored()
        leave(terminal)
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
        server = server_of(terminal)
        crash(terminal)
        terminal.written = b""
        terminal.press(b"\r")
        terminal.read_until("synced")
        assert server_of(terminal) == server
        terminal.press(LEAVE)
        assert terminal.read_to_the_end() == 0
        assert terminal.is_restored()
        assert not is_running(server)


def test_h25_a_program_goes_on_when_the_screen_crashes(tmp_path: Path) -> None:
    go, done = tmp_path / "go", tmp_path / "done"
    program = tmp_path / "main.py"
    program.write_text(
        f"import os, time\nprint(6 * 7001, flush=True)\n"
        f"while not os.path.exists({str(go)!r}):\n    time.sleep(0.05)\n"
        f"os.mkdir({str(done)!r})\n"
    )
    with codesync(tmp_path, str(program), *ROOM, "--store=memory") as terminal:
        terminal.read_until("main.py")  # the file enters the room after "synced"
        terminal.press(RUN)
        terminal.read_until("42006")
        crash(terminal)
        terminal.written = b""
        terminal.press(b"\r")
        terminal.read_until("synced")
        terminal.read_until("mkdir")  # the text, which is in memory only
        go.touch()
        wait_until(done.exists)
        terminal.press(LEAVE)
        assert terminal.read_to_the_end() == 0


def test_h25_a_server_that_died_with_the_screen_is_started_again(tmp_path: Path) -> None:
    with codesync(tmp_path, *ROOM) as terminal:
        server = server_of(terminal)
        os.kill(server, signal.SIGKILL)
        wait_for_end([server])
        crash(terminal)
        terminal.written = b""
        terminal.press(b"\r")
        terminal.read_until("synced")
        assert server_of(terminal) != server
        terminal.press(LEAVE)
        assert terminal.read_to_the_end() == 0


def test_h25_a_screen_that_crashes_before_its_server_is_ready_gets_a_new_one(
    tmp_path: Path,
) -> None:
    with starting(tmp_path, *ROOM) as terminal:
        terminal.read_until("opening the room")
        server = server_of(terminal)
        os.kill(server, signal.SIGSTOP)
        crash(terminal)
        os.kill(server, signal.SIGCONT)
        terminal.written = b""
        terminal.press(b"\r")
        terminal.read_until("synced")
        terminal.press(LEAVE)
        assert terminal.read_to_the_end() == 0
        assert not is_running(server)


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
        server = server_of(terminal)
        terminal.process.send_signal(number)
        assert terminal.read_to_the_end() == 128 + number
        assert terminal.is_restored()
        assert not is_running(server)


def test_h25_the_server_ends_when_a_crash_is_not_followed_by_a_return(tmp_path: Path) -> None:
    with codesync(tmp_path, *ROOM) as terminal:
        server = server_of(terminal)
        crash(terminal)
        assert is_running(server)
        terminal.process.kill()
        terminal.read_to_the_end()
        wait_for_end([server])


def test_h25_the_screen_ends_with_its_parent(tmp_path: Path) -> None:
    with codesync(tmp_path, *ROOM) as terminal:
        screen, server = screen_of(terminal), server_of(terminal)
        terminal.process.kill()
        terminal.read_to_the_end()
        wait_for_end([screen, server])
        assert terminal.is_restored()


def wait_for_end(pids: list[int]) -> None:
    wait_until(lambda: not any(is_running(pid) for pid in pids))


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
