"""Two real screens and a submitter share a room, and see all output live and in order."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command import codesync, command, environment
from tests.screen.tmux import Terminal, terminal

CODESYNC = f"{sys.executable} -m codesync_cli"


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[Terminal]:
    with terminal(tmp_path) as opened:
        yield opened


@pytest.fixture
def link(tmp_path: Path, executor_kind: str) -> Iterator[str]:
    with subprocess.Popen(
        command("serve", "--port=0", f"--executor={executor_kind}"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        env=environment(tmp_path),
    ) as process:
        assert process.stdout is not None
        greeting = ""
        while "invite" not in greeting:
            greeting += process.stdout.readline()
        address = re.search(r"ws://\S+", greeting)
        assert address
        invite = codesync("invite", "den", f"--server={address[0]}", home=tmp_path)
        yield invite.stdout.decode().split()[-1]
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def test_what_one_runs_all_see(tmux: Terminal, link: str, tmp_path: Path) -> None:
    ana = tmux.open("ana", f"{CODESYNC} join '{link}' --name ana", columns=80, lines=24)
    ben = tmux.open("ben", f"{CODESYNC} join '{link}' --name ben", columns=160, lines=48)
    for window in (ana, ben):
        window.shows("synced", "den")
    ben.shows("ana", "ben")

    # One runs the starter program; the other takes its input over, and answers its prompt.
    ana.press("F5")
    ana.shows("main.py >")
    ben.shows("ana types into main.py >")
    ben.press("C-t")
    ben.shows("ana: main.py >", "━Input")
    ana.shows("ben types into main.py >", "ben types into main.py now")
    ben.type("Ben")
    ben.press("Enter")
    for window in (ana, ben):
        window.shows("Hello, Ben!", "exit 0")

    # A script submits; both screens show it, below what was there.
    program = tmp_path / "count.py"
    program.write_text("for n in range(3): print('line', n)\nraise SystemExit(3)\n")
    done = codesync("run", str(program), f"--server={link}", "--name=script", home=tmp_path)
    assert (done.status, done.stdout) == (3, b"line 0\nline 1\nline 2\n")
    for window in (ana, ben):
        screen = window.shows("count.py", "line 2", "exit 3")
        assert screen.index("line 0") < screen.index("line 1") < screen.index("line 2")

    # The link, with its token, is not in the list of processes.
    arguments = b"".join(read(path) for path in Path("/proc").glob("[0-9]*/cmdline"))
    assert link.partition("#")[2].encode() not in arguments

    for window in (ana, ben):
        window.press("C-q")
        window.shows("ended with 0")


def read(path: Path) -> bytes:
    """A file of /proc, whose process may be gone by now."""
    try:
        return path.read_bytes()
    except OSError:
        return b""
