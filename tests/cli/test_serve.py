"""`codesync serve` and the commands that talk to it: invite, run, watch, queue."""

import json
import os
import signal
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command import SECONDS, codesync, command, environment
from tests.cli.served import Served, serve


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serve(tmp_path) as served:
        yield served


def test_it_says_what_it_found_and_how_to_join_without_showing_a_token(served: Served) -> None:
    token = (served.home / "state/codesync/token").read_text().strip()
    assert "executor: local" in served.greeting
    assert "WARNING: code runs unsandboxed as" in served.greeting
    assert "languages: " in served.greeting
    assert "codesync invite ROOM" in served.greeting  # stdout is no terminal, so no invite is shown
    assert token not in served.greeting
    assert os.stat(served.home / "state/codesync/token").st_mode & 0o777 == 0o600


def test_the_same_port_answers_health_and_stats(served: Served) -> None:
    base = served.address.replace("ws:", "http:")
    with urllib.request.urlopen(f"{base}/health", timeout=10) as answer:
        assert json.load(answer)["status"] == "ok"
    with urllib.request.urlopen(f"{base}/stats", timeout=10) as answer:
        stats = json.load(answer)
    assert (stats["queued"], stats["active"], stats["max_concurrent"]) == (0, 0, 3)


def test_the_owner_runs_a_program_on_it_and_a_watcher_sees_it(served: Served) -> None:
    (served.home / "main.py").write_text("print('hello \\x1b[2J'); print('unfinished', end='')")
    with subprocess.Popen(
        command("watch", f"--server={served.address}", "--room=den", "--name=eva"),
        stdout=subprocess.PIPE,
        text=True,
        env=environment(served.home),
    ) as watcher:
        assert watcher.stdout is not None
        assert watcher.stdout.readline() == "* in room den\n"
        done = codesync(
            "run",
            str(served.home / "main.py"),
            f"--server={served.address}",
            "--room=den",
            "--name=ana",
            home=served.home,
        )
        assert (done.status, done.stdout) == (0, b"hello \x1b[2J\nunfinished")
        lines: list[str] = []
        while not lines or "exit code 0" not in lines[-1]:
            lines.append(watcher.stdout.readline())
        watcher.send_signal(signal.SIGINT)
        assert watcher.wait(SECONDS) == 0
    told = "".join(lines)
    assert "ana submits main.py (python)" in told
    assert "| hello \u241b[2J\n" in told  # what is foreign never reaches a terminal raw
    assert "| unfinished\n" in told


def test_a_wrong_token_is_refused_with_a_remedy(served: Served) -> None:
    (served.home / "main.py").write_text("print(1)")
    (served.home / "wrong").write_text("x" * 43)
    done = codesync(
        "run",
        str(served.home / "main.py"),
        f"--server={served.address}",
        f"--token-file={served.home / 'wrong'}",
        home=served.home,
    )
    assert done.status == 125
    assert "does not know your token" in done.stderr
    assert "name the right file with --token-file" in done.stderr


def test_an_invite_lets_into_its_room_only(served: Served) -> None:
    line = codesync(
        "invite", "den", f"--server={served.address}", "--role=viewer", home=served.home
    ).stdout.decode()
    link = line.split()[-1]
    assert line.startswith(f"codesync join {served.address}/den#")
    queue = codesync("queue", f"--server={link}", "--json", home=served.home)
    assert json.loads(queue.stdout) == {
        "queued": 0,
        "active": 0,
        "idle": 0,
        "max_concurrent": 3,
        "trouble": "",
        "jobs": [],
    }
    other = codesync("queue", f"--server={link.replace('/den#', '/attic#')}", home=served.home)
    assert (other.status, "for another room" in other.stderr) == (125, True)
    (served.home / "main.py").write_text("print(1)")
    viewer = codesync("run", str(served.home / "main.py"), f"--server={link}", home=served.home)
    assert (viewer.status, "viewers watch" in viewer.stderr) == (125, True)


def test_a_port_that_is_taken_is_named_with_a_remedy(served: Served) -> None:
    port = served.address.rpartition(":")[2]
    done = codesync(
        "serve", f"--port={port}", "--executor=local", "--store=memory", home=served.home
    )
    assert done.status == 125
    assert f"cannot listen on 127.0.0.1:{port}" in done.stderr
    assert "--port" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "flag"),
    [
        (["--host=0.0.0.0", "--executor=local"], "--insecure"),
        (["--host=0.0.0.0", "--executor=local", "--insecure"], "--unsafe-local"),
        (["--tls-cert=x.pem"], "--tls-key"),
        (["--room=A B"], "--room"),
    ],
)
def test_what_is_not_safe_is_refused_and_the_refusal_names_the_flag(
    tmp_path: Path, arguments: list[str], flag: str
) -> None:
    done = codesync("serve", "--port=0", *arguments, home=tmp_path)
    assert done.status in (2, 125)
    assert flag in done.stderr
    assert "Traceback" not in done.stderr


def test_sigterm_lets_a_running_program_end_then_stops(served: Served) -> None:
    (served.home / "main.py").write_text(
        "import time; print('on', flush=True); time.sleep(1); print('done')"
    )
    with subprocess.Popen(
        command("run", str(served.home / "main.py"), f"--server={served.address}"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(served.home),
    ) as client:
        assert client.stdout is not None
        assert client.stdout.readline() == b"on\n"
        served.process.send_signal(signal.SIGTERM)
        stdout, _ = client.communicate(timeout=SECONDS)
    assert (client.returncode, stdout) == (0, b"done\n")
    assert served.process.wait(SECONDS) == 0


def test_a_second_signal_stops_at_once(served: Served) -> None:
    (served.home / "main.py").write_text("print('on', flush=True)\nwhile True: pass")
    with subprocess.Popen(
        command("run", str(served.home / "main.py"), f"--server={served.address}"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment(served.home),
    ) as client:
        assert client.stdout is not None
        assert client.stdout.readline() == b"on\n"
        served.process.send_signal(signal.SIGTERM)
        with socket.create_connection(
            ("127.0.0.1", int(served.address.rpartition(":")[2]))
        ) as probe:
            probe.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            while b"draining" not in probe.recv(4096):
                pass
        served.process.send_signal(signal.SIGTERM)
        assert served.process.wait(SECONDS) != 0
        client.kill()


@pytest.mark.parametrize("stdin", [os.devnull, "file"])
def test_an_embedded_server_refuses_a_stdin_whose_end_it_cannot_see(
    tmp_path: Path, stdin: str
) -> None:
    (tmp_path / "file").write_text("text")
    with open(tmp_path / stdin) as source:
        done = subprocess.run(
            command("serve", "--embedded", "--room=den", "--port=0", "--set=executor=local"),
            stdin=source,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            env=environment(tmp_path),
            check=False,
        )
    assert done.returncode == 2
    said = json.loads(done.stdout)
    assert said["event"] == "failed"
    assert "stdin must be a pipe" in said["text"]
