"""scripts/docker-engine says what is missing, with stand-ins for the commands of a machine."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ANSWERS = "case $1 in version) echo 99.1 ;; esac"
ABSENT = "echo 'Cannot connect to the Docker daemon' >&2; exit 1"
DENIED = "echo 'Got permission denied while trying to connect' >&2; exit 1"


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder that holds all commands of a machine: those of a user, without Docker."""
    for name in ("bash", "dirname", "grep", "env"):
        real = next(path for each in ("/usr/bin", "/bin") if (path := Path(each, name)).exists())
        (tmp_path / name).symlink_to(real)
    add(tmp_path, "id", "case $1 in -u) echo 1000 ;; -un) echo ana ;; esac")
    return tmp_path


def add(machine: Path, name: str, script: str) -> None:
    command = machine / name
    command.write_text(f"#!/bin/bash\n{script}\n")
    command.chmod(0o755)


def run(machine: Path, *arguments: str, **environment: str) -> tuple[int, str]:
    done = subprocess.run(
        [str(ROOT / "scripts/docker-engine"), *arguments],
        env={"PATH": str(machine), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_a_running_engine_is_used(machine: Path) -> None:
    add(machine, "docker", ANSWERS)
    assert run(machine) == (0, "docker-engine: engine 99.1 answers\n")


@pytest.mark.parametrize(
    ("docker", "environment", "expected"),
    [
        ("", {}, "sudo apt-get install docker.io"),
        (DENIED, {}, "sudo usermod -aG docker ana"),
        (ABSENT, {"DOCKER_HOST": "tcp://10.0.0.1:2375"}, "DOCKER_HOST=tcp://10.0.0.1:2375"),
        (ABSENT, {}, "the engine does not run. Start it:\n    sudo "),
    ],
    ids=["not installed", "not allowed", "elsewhere", "not running"],
)
def test_it_says_what_is_missing(
    machine: Path, docker: str, environment: dict[str, str], expected: str
) -> None:
    if docker:
        add(machine, "docker", docker)
    status, output = run(machine, **environment)
    assert status == 1
    assert expected in output


def test_only_root_installs(machine: Path) -> None:
    add(machine, "docker", ANSWERS)
    assert run(machine, "--install")[0] == 1


def test_root_starts_the_engine(machine: Path, tmp_path: Path) -> None:
    if Path("/run/systemd/system").exists():
        pytest.skip("systemd starts the engine on this machine")
    started = tmp_path / "started"
    add(machine, "id", "echo 0")
    add(machine, "rm", "")
    add(machine, "sleep", "")
    add(machine, "nohup", '"$@"')
    add(machine, "setsid", '"$@"')
    add(machine, "dockerd", f'echo "$@" >{started}')
    add(machine, "docker", f"[ -e {started} ] || {{ {ABSENT}; }}; {ANSWERS}")
    log = str(tmp_path / "log")
    assert run(machine, CODESYNC_DOCKER_LOG=log) == (0, "docker-engine: engine 99.1 answers\n")
    assert started.read_text() == "--iptables=false --bridge=none\n"


def test_an_engine_that_does_not_start_is_reported(machine: Path, tmp_path: Path) -> None:
    if Path("/run/systemd/system").exists():
        pytest.skip("systemd starts the engine on this machine")
    add(machine, "id", "echo 0")
    add(machine, "docker", ABSENT)
    add(machine, "tail", 'while read -r line; do echo "$line"; done <"${@: -1}"')
    for name in ("rm", "sleep"):
        add(machine, name, "")
    for name in ("nohup", "setsid"):
        add(machine, name, '"$@"')
    add(machine, "dockerd", "echo no space left")
    log = str(tmp_path / "log")
    status, output = run(machine, CODESYNC_DOCKER_LOG=log, CODESYNC_DOCKER_SECONDS="1")
    assert status == 1
    assert "no space left" in output
    assert "the engine did not start" in output


def test_unknown_arguments_are_refused(machine: Path) -> None:
    assert "unknown argument --help-me" in run(machine, "--help-me")[1]


def test_ci_uses_the_script() -> None:
    assert "scripts/docker-engine --install" in (ROOT / ".ci/run").read_text()
    assert os.access(ROOT / "scripts/docker-engine", os.X_OK)
