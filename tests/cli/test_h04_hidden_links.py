"""H04: no link of a command line stays in the list of processes."""

import re
import socket
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import pytest

from codesync_protocol.links import Link
from tests.cli.command import command, environment

TOKEN = "M3x0ZXN0LXJvb218ZWRpdG9y." + "s" * 43

FORMS = {
    "as it is handed on": ["--server", "ws://{}/test-room#{}"],
    "without a scheme": ["--server", "{}/test-room#{}"],
    "in capitals": ["--server", "WS://{}/test-room#{}"],
    "with spaces": ["--server", "  ws://{}/test-room#{} "],
    "with a tab inside": ["--server", "w\ts://{}/test-room#{}"],
    "behind an equals sign": ["--server=ws://{}/test-room#{}"],
    "behind an equals sign without a scheme": ["--server={}/test-room#{}"],
    "an abbreviated option": ["--serv={}/test-room#{}"],
    "with a slash at the end": ["--server={}/test-room/#{}"],
}


@pytest.fixture
def listening() -> Generator[socket.socket]:
    """A port that accepts connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        yield server


@pytest.mark.parametrize("arguments", FORMS.values(), ids=FORMS.keys())
def test_h04_a_link_is_hidden_in_every_form_that_is_accepted(
    arguments: list[str], listening: socket.socket, tmp_path: Path
) -> None:
    address = f"127.0.0.1:{listening.getsockname()[1]}"
    given = [each.format(address, TOKEN) for each in arguments]
    link = re.sub("^--serv[er]*=", "", given[-1])
    assert Link.parse(link).token == TOKEN
    started = [*command("queue"), *given]
    with subprocess.Popen(started, env=environment(tmp_path), stderr=subprocess.DEVNULL) as process:
        try:
            connection, _ = listening.accept()  # the link was understood
            with connection:
                shown = Path(f"/proc/{process.pid}/cmdline").read_bytes()
        finally:
            process.kill()
    assert b"queue" in shown
    assert TOKEN.encode() not in shown
    assert b"test-room" not in shown


def test_h04_what_is_hidden_arrives_as_it_was_given(tmp_path: Path) -> None:
    done = subprocess.run(
        [*command("nonsense#one"), "--x=caf\udce9#", "--", "a#b"],
        env=environment(tmp_path),
        capture_output=True,
        timeout=100,
        check=False,
    )
    assert b"there is no command nonsense#one" in done.stderr


def test_h04_a_link_is_hidden_before_anything_is_imported(tmp_path: Path) -> None:
    """Others see the command line until then."""
    done = subprocess.run(
        [sys.executable, "-P", "-X", "importtime", "-m", "codesync_cli", "nonsense", "a#b"],
        env=environment(tmp_path),
        capture_output=True,
        timeout=100,
        check=False,
    )
    assert b"there is no command nonsense" in done.stderr
    imported = re.findall(rb"import time:.*\| +(\S+)$", done.stderr, re.MULTILINE)
    ours = imported[imported.index(b"codesync_cli") :]
    assert set(ours) <= {
        *(
            b"codesync_cli",
            b"codesync_cli.process",
            b"codesync_cli.process.import_path",
            b"codesync_cli.process.hidden_link",
        ),
        b"collections.abc",
    }
