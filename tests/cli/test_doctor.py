"""`codesync doctor` reports a Docker engine that other users can reach (A80)."""

import os
import socket
from pathlib import Path

import pytest

from tests.cli.command import codesync


@pytest.fixture
def nobody_answers(tmp_path: Path) -> Path:
    """A socket in the place of the engine's, at which nobody answers."""
    path = tmp_path / "docker.sock"
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(path))
    return path


def test_a80_an_engine_over_tcp_is_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    report = codesync("doctor", home=tmp_path).stdout.decode()
    assert "Docker over TCP gives root to whoever reaches the port" in report
    assert "use the unix socket" in report


def test_a80_a_socket_that_every_user_can_write_to_is_warned_of(
    nobody_answers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{nobody_answers}")
    nobody_answers.chmod(0o666)
    report = codesync("doctor", home=tmp_path).stdout.decode()
    assert f"every user of this machine can use {nobody_answers}" in report
    assert f"chmod o-rw {nobody_answers}" in report


def test_a80_a_socket_for_its_group_is_not_warned_of(
    nobody_answers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{nobody_answers}")
    nobody_answers.chmod(0o660)
    assert "every user" not in codesync("doctor", home=tmp_path).stdout.decode()


@pytest.mark.docker
@pytest.mark.usefixtures("executor_image")
@pytest.mark.skipif(os.geteuid() != 0, reason="it warns only root")
def test_a80_a_server_that_would_run_as_root_is_warned_of(tmp_path: Path) -> None:
    report = codesync("doctor", home=tmp_path).stdout.decode()
    assert "you are root" in report
    assert "run the server as a user of its own" in report


@pytest.mark.docker
def test_h16_users_of_sandboxes_that_the_machine_has_are_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODESYNC_SANDBOX_UIDS", "1-65535")
    done = codesync("doctor", home=tmp_path)
    said = done.stdout.decode()
    assert done.status != 0
    assert "the users of sandboxes, 1-65535, are not free" in said
    assert "-> set sandbox_uids to other ones" in said


@pytest.mark.docker
@pytest.mark.usefixtures("executor_image")
def test_h18_the_users_of_sandboxes_and_landlock_are_checked(tmp_path: Path) -> None:
    said = codesync("doctor", home=tmp_path).stdout.decode()
    assert "containers run as users 2100000000-2147000000, which nobody else has" in said
    assert "Landlock keeps programs from writing to /proc" in said or "-> use Linux 5.19" in said
