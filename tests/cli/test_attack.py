"""Tests `codesync attack`: its selection, its report, and its refusals."""

import json
from pathlib import Path

import pytest

from codesync_cli.exit_codes import ExitCode
from tests.cli.command import codesync


def test_it_lists_what_it_would_do(tmp_path: Path) -> None:
    done = codesync("attack", "--list", home=tmp_path)
    lines = done.stdout.decode().splitlines()
    assert (done.status, len(lines) > 60) == (0, True)
    assert "A03-memory-bomb  ends as memory_limit" in lines


def test_an_attack_that_there_is_not_is_named(tmp_path: Path) -> None:
    done = codesync("attack", "--only=A99", home=tmp_path)
    assert done.status == ExitCode.USAGE
    assert "A99" in done.stderr
    assert "--list" in done.stderr


def test_nothing_is_run_without_a_sandbox(tmp_path: Path) -> None:
    done = codesync("attack", "--executor=local", home=tmp_path)
    assert (done.status, done.stdout) == (ExitCode.FAILED, b"")
    assert "without a sandbox" in done.stderr


@pytest.mark.docker
@pytest.mark.usefixtures("executor_image")
def test_it_tells_of_each_attack_as_an_object(tmp_path: Path) -> None:
    arguments = ("--executor=docker", "--json", "--only=A27", "--only=a33-end-with-code-255")
    done = codesync("attack", *arguments, home=tmp_path)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.status == 0, done.stderr
    assert [(each["id"], each["expected"], each["verdict"], each["ok"]) for each in told] == [
        ("A27-leave-something-for-the-next", "ok", "ok", True),
        ("A33-end-with-code-255", "runtime_error", "runtime_error", True),
    ]
    assert told[0]["title"] == "leave something for the next"
    assert "the server resisted 2 of 2 attacks" in done.stderr
