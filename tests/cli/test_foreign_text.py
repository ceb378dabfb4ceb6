"""Text, output and names of others never control the terminal of a command."""

import json
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from codesync_cli.exit_codes import ExitCode
from tests.cli.command import codesync, environment
from tests.cli.served import Served, serve
from tests.tui.hostile_text import MARKS, hostile, painted, what_acts
from tests.tui.pseudo_terminal import PseudoTerminal, pseudo_terminal

FORGED = "0000<ana:what-she-never-typed"
"""A line that only we may write."""

SOURCE = f"# {hostile('editor')}\n".replace("\0", "")
"""Python takes no NUL."""

PROGRAM = (
    SOURCE
    + f"""
import sys
print(input({MARKS["stdout"]!r} + "? "))
sys.stdout.write({hostile("stdout")!r} + "\\n")
sys.stderr.write({hostile("stderr")!r} + "\\n")
"""
)

FILE = f"{MARKS['file_name']}\n{FORGED}\x1b]0;PWNED\x07\u202e.py"

NAME = f"{MARKS['submitter']}\x1b]0;PWNED\x07\u202e[@click=x]"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server where somebody pushed a text and ran a program."""
    home = tmp_path_factory.mktemp("home")
    (home / "text.py").write_text(SOURCE)
    (home / FILE).write_text(PROGRAM)
    with serve(home) as served:
        assert codesync("push", *room(served), str(home / "text.py"), home=home).status == 0
        assert codesync(*runs(served), home=home, stdin=b"x\n").status == 0
        yield served


def room(served: Served) -> tuple[str, str]:
    return f"--server={served.address}", "--room=den"


def runs(served: Served) -> tuple[str, ...]:
    return "run", *room(served), f"--name={NAME}", str(served.home / FILE)


def terminal(served: Served, *arguments: str) -> AbstractContextManager[PseudoTerminal]:
    home, state = (environment(served.home)[key] for key in ("HOME", "XDG_STATE_HOME"))
    return pseudo_terminal("-m", "codesync_cli", *arguments, HOME=home, XDG_STATE_HOME=state)


def written(served: Served, *arguments: str, status: int = 0) -> bytes:
    """What a command writes to a terminal."""
    with terminal(served, *arguments) as its:
        assert its.read_to_the_end() == status, its.written
        return its.written


def check(written: bytes, *marks: str) -> None:
    """The marked texts were shown, acted on nothing, and forged no line."""
    text = painted(written)
    assert [mark for mark in marks if MARKS[mark] not in text] == []
    assert what_acts(written) == []
    assert not re.search(f"^{re.escape(FORGED)}", text, re.MULTILINE)


def test_a66_a68_the_history(served: Served) -> None:
    check(written(served, "history", *room(served)), "submitter", "file_name")


def test_a68_a_past_job_with_its_source_and_output(served: Served) -> None:
    done = codesync("history", "--json", *room(served), home=served.home)
    first = json.loads(done.stdout.splitlines()[-1])["job"]
    shown = written(served, "show", first, *room(served))
    check(shown, "submitter", "file_name", "editor", "stdout", "stderr")


def test_a68_a_text_that_is_pulled_to_look_at_it(served: Served) -> None:
    check(written(served, "pull", *room(served)), "editor")


def test_a69_a_text_that_is_pulled_into_a_file_is_exact(served: Served, tmp_path: Path) -> None:
    file = tmp_path / "pulled.py"
    check(written(served, "pull", *room(served), str(file)))
    assert file.read_text() == SOURCE
    assert codesync("pull", *room(served), home=served.home).stdout.decode() == SOURCE


def test_a66_a68_what_happens_in_a_room_and_what_is_typed_there(served: Served) -> None:
    with terminal(served, "watch", *room(served)) as watching:
        watching.read_until("\n")
        with terminal(served, *runs(served)) as running:
            running.read_until("? ")
            watching.read_until(MARKS["file_name"])
            check(written(served, "queue", *room(served)), "submitter", "file_name")
            running.press(f"{MARKS['echo']}\x1b]0;PWNED\n{FORGED}\n".encode())
            assert running.read_to_the_end() == 0
            assert what_acts(running.written.replace(b"\b", b"")) == []
        watching.read_until("exit code 0")
        check(watching.written, "submitter", "file_name", "echo", "stdout", "stderr")
    done = codesync("history", "--json", *room(served), home=served.home)
    latest = json.loads(done.stdout.splitlines()[0])["job"]
    check(written(served, "show", latest, *room(served)), "stdout", "echo")


@pytest.mark.parametrize("command", ["run x", "join", "history", "show x", "store check"])
def test_a68_arguments_that_were_pasted(served: Served, command: str) -> None:
    argument = f"--{hostile('banner')}\n{FORGED}".replace("\0", "").replace(" ", "")
    check(written(served, *command.split(), argument, status=ExitCode.USAGE), "banner")
