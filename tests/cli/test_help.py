"""`--help` is complete, and mistakes in arguments get a hint."""

from pathlib import Path

import pytest

from codesync_cli.dispatch import COMMANDS
from tests.cli.command import codesync


def test_help_names_every_command(tmp_path: Path) -> None:
    done = codesync("--help", home=tmp_path)
    assert done.status == 0
    for name, what in COMMANDS.items():
        assert f"  {name}" in done.stdout.decode()
        assert what in done.stdout.decode()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(tmp_path: Path, name: str) -> None:
    done = codesync(name, "--help", home=tmp_path)
    assert (done.status, done.stderr) == (0, "")
    assert "usage: codesync" in done.stdout.decode()


def test_run_help_documents_every_exit_status(tmp_path: Path) -> None:
    text = codesync("run", "--help", home=tmp_path).stdout.decode()
    for status in ("2", "75", "120", "121", "122", "123", "124", "125", "128+N", "130"):
        assert f" {status} " in text, status


def test_a_command_that_does_not_exist_gets_a_hint(tmp_path: Path) -> None:
    done = codesync("srve", home=tmp_path)
    assert (done.status, "did you mean: codesync serve" in done.stderr) == (2, True)


def test_a_file_that_does_not_exist_is_named(tmp_path: Path) -> None:
    done = codesync("gone.py", home=tmp_path, cwd=tmp_path)
    assert (done.status, "there is no file gone.py" in done.stderr) == (2, True)


@pytest.mark.parametrize("link", ["", "hello", "ws://host:4000", "http://host/room#x"])
def test_what_is_no_link_is_said_to_be_none(tmp_path: Path, link: str) -> None:
    done = codesync("join", link, home=tmp_path)
    assert done.status == 2
    assert "ws://" in done.stderr
    assert "Traceback" not in done.stderr


def test_version(tmp_path: Path) -> None:
    assert codesync("--version", home=tmp_path).stdout.startswith(b"codesync ")


@pytest.mark.parametrize("arguments", [(), ("join", "ws://127.0.0.1:4000/lab#token")])
def test_a_screen_without_a_terminal_is_refused_and_the_refusal_says_what_works(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    done = codesync(*arguments, home=tmp_path)
    assert (done.status, done.stdout) == (2, b"")
    assert "stdin is none" in done.stderr
    assert "codesync run" in done.stderr
