"""H38: the server dates invites, so wrong clocks of clients do no harm."""

import subprocess
import time
from collections.abc import Generator
from pathlib import Path

import pytest

from codesync_protocol.handshake import decode_base64url
from codesync_protocol.links import Link
from tests.cli.command import codesync, command, environment
from tests.cli.served import Served, serve

FAST_CLOCK = "import time\nreal = time.time\ntime.time = lambda: real() + 3600.0\n"


@pytest.fixture
def served(tmp_path: Path) -> Generator[Served]:
    with serve(tmp_path) as served:
        yield served


def invite_by_fast_clock(served: Served, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `codesync invite` on a machine whose clock is an hour ahead."""
    clock = served.home / "clock"
    clock.mkdir()
    (clock / "sitecustomize.py").write_text(FAST_CLOCK)
    return subprocess.run(
        command("invite", "den", *arguments),
        env={**environment(served.home), "PYTHONPATH": str(clock)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def payload_of(line: str) -> list[str]:
    link = Link.parse(line.split()[-1])
    return decode_base64url(link.token.partition(".")[0]).decode().split("|")


def test_h38_a_running_server_dates_the_invite(served: Served) -> None:
    done = invite_by_fast_clock(served, f"--server={served.address}", "--hours=2", "--role=host")
    assert (done.returncode, done.stderr) == (0, "")
    kind, room, role, expires, issued = payload_of(done.stdout)
    assert (kind, room, role) == ("3", "den", "host")
    assert abs(int(issued) / 1000 - time.time()) < 1800
    assert abs(int(expires) - int(issued) - 2 * 3600 * 1000) <= 10
    queue = codesync("queue", f"--server={done.stdout.split()[-1]}", home=served.home)
    assert queue.status == 0


def test_h38_the_server_is_asked_at_another_address_than_the_link_has(served: Served) -> None:
    done = codesync(
        "invite", "den", "--server=wss://class.example", f"--ask={served.address}", home=served.home
    )
    assert payload_of(done.stdout.decode())[0] == "3"
    assert done.stdout.startswith(b"codesync join wss://class.example:443/den#")


def test_h38_without_the_server_a_fast_clock_makes_a_link_that_is_refused(served: Served) -> None:
    nobody = "--ask=ws://127.0.0.1:1"
    done = invite_by_fast_clock(served, f"--server={served.address}", nobody)
    assert "dated by this machine's clock" in done.stderr
    assert payload_of(done.stdout)[0] == "2"
    queue = codesync("queue", f"--server={done.stdout.split()[-1]}", home=served.home)
    assert queue.status == 125
    assert "60 min in the future" in queue.stderr


def test_h38_the_token_of_another_server_makes_no_invite(served: Served) -> None:
    wrong = served.home / "wrong"
    wrong.write_text("x" * 43)
    wrong.chmod(0o600)
    done = codesync(
        "invite", "den", f"--server={served.address}", f"--token-file={wrong}", home=served.home
    )
    assert (done.status, done.stdout) == (125, b"")
    assert "does not know your token" in done.stderr
