"""Settings and limits on the command line: shown, refused, and passed to embedded servers."""

import json
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from tests.cli.command import SECONDS, Done, codesync, command, environment

HALF_A_SECOND_OR_MORE = r"wall time limit: (0\.[5-9]|[1-9]\d*\.\d) of 0\.5 s"
"""The program is ended at its limit; how long the kill takes depends on the machine."""

HOLD = """
held = bytearray(120 << 20)
for page in range(0, len(held), 4096):
    held[page] = 1
import time
time.sleep(1)
"""


def write(home: Path, text: str) -> Path:
    """Write the settings file that is found by itself."""
    path = home / ".config/codesync/server.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def run(home: Path, source: str, *arguments: str) -> Done:
    """Run a program on a server of the command's own."""
    (home / "main.py").write_text(source)
    return codesync("run", str(home / "main.py"), "--executor=local", *arguments, home=home)


def test_settings_are_shown_as_a_file_that_sets_the_same(tmp_path: Path) -> None:
    path = write(tmp_path, "[limits.run]\nwall = 2\n")
    shown = codesync("serve", "--show-settings", "--max-concurrent=7", home=tmp_path)
    text = shown.stdout.decode()
    assert (shown.status, shown.stderr) == (0, "")
    assert re.search(rf"^wall = 2 +# {path}$", text, re.MULTILINE)
    assert re.search(r"^max_concurrent = 7 +# --max-concurrent$", text, re.MULTILINE)
    assert re.search(r"^port = 4000 +# default$", text, re.MULTILINE)
    (tmp_path / "again.toml").write_text(text)
    again = codesync(
        "serve", "--show-settings", "--config", str(tmp_path / "again.toml"), home=tmp_path
    ).stdout.decode()
    assert _values(again) == _values(text)


def _values(text: str) -> list[str]:
    return [line.partition("  #")[0] for line in text.splitlines() if not line.startswith("#")]


@pytest.mark.parametrize("name", ["serve", "run", "room"])
@pytest.mark.parametrize(
    ("toml", "arguments", "says"),
    [
        ("prot = 1", [], "server.toml: prot: there is no such setting; did you mean port?"),
        ("port = [", [], "server.toml: this is not TOML"),
        ("", ["--config=gone.toml"], "gone.toml: the settings file cannot be read: No such file"),
        ("", ["--max-concurrent=0"], "--max-concurrent: 0 is invalid: expected a whole number"),
        ("", ["--set=limits.run.wal=1"], "did you mean limits.run.wall?"),
        ("", ["--set=caps.memory=1MB"], "--set caps.memory: "),
        ("", ["--max-concurent=1"], "did you mean --max-concurrent?"),
    ],
)
def test_a_mistake_is_one_line_and_a_usage_error(
    name: str, toml: str, arguments: list[str], says: str, tmp_path: Path
) -> None:
    write(tmp_path, toml)
    (tmp_path / "main.py").write_text("print(1)")
    of = [name, "main.py"] if name != "serve" else [name]
    done = codesync(*of, *arguments, home=tmp_path, cwd=tmp_path)
    assert done.status == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == b""
    if "usage:" not in done.stderr:  # which argparse puts before its own line
        assert done.stderr.count("\n") == 1


def test_the_doctor_finds_a_mistake_in_the_settings(tmp_path: Path) -> None:
    path = write(tmp_path, "max_concurrent = 7")
    good = codesync("doctor", "--executor=local", home=tmp_path).stdout.decode()
    assert f"ok  settings file {path}; 1 set, the others have their defaults" in good
    write(tmp_path, "max_concurent = 7")
    done = codesync("doctor", "--executor=local", home=tmp_path)
    assert done.status == 1
    assert f"FAIL  {path}: max_concurent: there is no such setting" in done.stdout.decode()


def test_a_served_room_has_the_settings_of_file_environment_and_flags(tmp_path: Path) -> None:
    write(tmp_path, "[limits.run]\nwall = 0.5\n")
    with subprocess.Popen(
        command("serve", "--port=0", "--executor=local"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        env={**environment(tmp_path), "CODESYNC_MAX_CONCURRENT": "7"},
    ) as process:
        assert process.stdout is not None
        greeting = ""
        while "invite" not in greeting:
            line = process.stdout.readline()
            assert line, greeting
            greeting += line
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 0
    assert "7 at once" in greeting
    assert " 0.5 s, " in greeting


def test_a_server_of_a_command_has_the_settings_but_for_its_address(tmp_path: Path) -> None:
    write(
        tmp_path,
        'host = "0.0.0.0"\nport = 1\ntls_cert = "c"\ntls_key = "k"\n[limits.run]\nwall = 0.5',
    )
    done = run(tmp_path, "import time; time.sleep(60)")
    assert done.status == 124
    assert re.search(HALF_A_SECOND_OR_MORE, done.stderr)


def test_a_variable_reaches_the_server_of_a_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODESYNC_LIMITS_RUN_OUTPUT", "10")
    done = run(tmp_path, "print('x' * 100)")
    assert (done.status, done.stdout) == (122, b"x" * 10)


@pytest.mark.parametrize(
    ("source", "limit", "status", "says"),
    [
        ("import time; time.sleep(60)", "wall=0.5", 124, HALF_A_SECOND_OR_MORE),
        ("while True: pass", "cpu=0.2", 124, " of 0.2 s"),
        (HOLD, "memory=64MB", 121, " of 64 MB, ended"),
        ("print('x' * 100)", "output=10", 122, "more than 10 bytes"),
        ("print('x' * 100)", "wall=1, output=10", 122, "more than 10 bytes"),
    ],
)
def test_a_program_gets_the_limits_that_are_asked_for(
    source: str, limit: str, status: int, says: str, tmp_path: Path
) -> None:
    done = run(tmp_path, source, "--limit", limit)
    assert (done.status, bool(re.search(says, done.stderr))) == (status, True), done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="others' processes can be limited")
def test_what_cannot_be_limited_is_said(tmp_path: Path) -> None:
    done = run(tmp_path, "print(1)", "--limit=processes=5")
    assert (done.status, done.stdout) == (2, b"")
    assert "processes: programs run as root here" in done.stderr


def test_who_runs_the_server_may_have_more_than_its_defaults(tmp_path: Path) -> None:
    source = "print('x' * 10_000_100)"
    assert run(tmp_path, source).status == 122
    done = run(tmp_path, source, "--limit=output=20MB,wall=30")
    assert (done.status, len(done.stdout)) == (0, 10_000_101)
    assert "the server gives" not in done.stderr


def test_on_anothers_server_the_cap_holds_and_is_told(tmp_path: Path) -> None:
    with subprocess.Popen(
        command("serve", "--port=0", "--executor=local", "--set=caps.wall=8"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        env=environment(tmp_path),
    ) as process:
        assert process.stdout is not None
        address = None
        while address is None:
            address = re.search(r"ws://127\.0\.0\.1:\d+", process.stdout.readline())
        (tmp_path / "main.py").write_text("print(1)")
        where = (str(tmp_path / "main.py"), f"--server={address[0]}")
        capped = codesync("run", *where, "--limit=wall=60,memory=1GB,cpu=1", home=tmp_path)
        asked = ("--json", "--limit=wall=60,cpu=1")
        told = json.loads(codesync("run", *where, *asked, home=tmp_path).stdout)
        process.kill()
    assert (capped.status, capped.stdout) == (0, b"1\n")
    assert "the server gives 8 s of wall, not 60 s" in capped.stderr
    assert "the server gives 256MB of memory, not 1GB" in capped.stderr
    assert "of cpu" not in capped.stderr
    assert told["verdict"] == "ok"
    assert told["limits"] == {
        "wall_seconds": 8,
        "cpu_seconds": 1,
        "memory": 256 << 20,
        "output": 10_000_000,
        "processes": 64,
    }


@pytest.mark.parametrize(
    ("limit", "says"),
    [
        ("wal=1", "--limit wal: there is no such limit; did you mean wall?"),
        ("x=1", "there are wall, cpu, memory, output, processes"),
        ("wall", "--limit wall: write NAME=VALUE, as in --limit wall=2"),
        ("wall=x", '--limit wall: "x" is invalid: expected a number of seconds'),
        ("wall=nan", '--limit wall: "nan" is invalid'),
        ("memory=1", '--limit memory: "1" is invalid: expected a size'),
        ("", "--limit : write NAME=VALUE"),
    ],
)
def test_a_mistake_in_a_limit_is_a_usage_error(limit: str, says: str, tmp_path: Path) -> None:
    done = run(tmp_path, "print(1)", f"--limit={limit}")
    assert (done.status, done.stdout) == (2, b"")
    assert says in done.stderr
