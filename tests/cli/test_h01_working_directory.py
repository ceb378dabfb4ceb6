"""H01: nothing that CodeSync starts imports a module from the working directory."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.cli.command import SECONDS, environment
from tests.cli.served import Served, serve
from tests.cli.shadowing import Shadows, imported_by_python
from tests.tui.pseudo_terminal import PseudoTerminal, pseudo_terminal

INSTALLED = str(Path(sys.executable).with_name("codesync"))
BY_MODULE = (sys.executable, "-m", "codesync_cli")

HELLO = "print('hello')\n"


@pytest.fixture
def shadows(tmp_path: Path) -> Shadows:
    return Shadows(tmp_path)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve(tmp_path_factory.mktemp("home")) as served:
        yield served


def link(served: Served) -> str:
    """A link into a room of the server, as its owner makes it."""
    made = start((INSTALLED, "invite", "den", f"--server={served.address}"), served.home, {})
    found = re.search(r"ws://\S+", made.stdout)
    assert found, made
    return found[0]


def start(
    command: tuple[str, ...], home: Path, more: dict[str, str], cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=cwd,
        env={**environment(home), **more},
        input="",
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


@pytest.mark.parametrize("python_path", ["", ".", os.pathsep, f"relative{os.pathsep}", "{cwd}"])
def test_h01_run_and_its_server_and_runner(
    python_path: str, shadows: Shadows, tmp_path: Path
) -> None:
    if python_path == "{cwd}":
        python_path = str(shadows.folder)
    if python_path:
        # Python imports these before any code of ours runs.
        for name in imported_by_python() | {"sitecustomize", "usercustomize", "codesync_cli"}:
            (shadows.folder / f"{name}.py").unlink(missing_ok=True)
    (shadows.folder / "a.py").write_text(HELLO)
    more = {"PYTHONPATH": python_path} if python_path else {}
    ran = start((INSTALLED, "run", "a.py", "--executor=local"), tmp_path, more, cwd=shadows.folder)
    assert (ran.returncode, ran.stdout) == (0, "hello\n"), ran.stderr
    assert not shadows.imported


def test_h01_processes_that_any_part_starts_do_not_look_in_the_working_directory(
    tmp_path: Path,
) -> None:
    entries = ["", ".", "relative", str(tmp_path), "/elsewhere"]
    code = "from codesync_cli.process import import_path; import os;"
    code += " import_path.exclude_working_directory(); print(os.environ['PYTHONPATH'])"
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(entries)}
    command = [sys.executable, "-c", code]
    told = subprocess.run(
        command, cwd=tmp_path, env=env, capture_output=True, text=True, check=True
    )
    assert told.stdout == "/elsewhere\n"


def test_h01_run_of_a_program_whose_name_is_a_modules(shadows: Shadows, tmp_path: Path) -> None:
    (shadows.folder / "random.py").write_text(HELLO)
    command = (INSTALLED, "run", "random.py", "--executor=local")
    ran = start(command, tmp_path, {}, cwd=shadows.folder)
    assert (ran.returncode, ran.stdout) == (0, "hello\n"), ran.stderr
    assert not shadows.imported


def test_h01_a_module_that_the_user_starts(tmp_path: Path) -> None:
    shadows = Shadows(tmp_path, without=imported_by_python())
    (shadows.folder / "a.py").write_text(HELLO)
    command = (*BY_MODULE, "run", "a.py", "--executor=local")
    (shadows.folder / "codesync_cli.py").unlink()  # Python finds the module to start by itself
    ran = start(command, tmp_path, {}, cwd=shadows.folder)
    assert (ran.returncode, ran.stdout) == (0, "hello\n"), ran.stderr
    assert not shadows.imported


def test_h01_a_command_with_a_link(shadows: Shadows, served: Served) -> None:
    for command in ("pull", "queue", "history"):
        arguments = (command, f"--server={link(served)}")
        ended = start((INSTALLED, *arguments), served.home, {}, cwd=shadows.folder)
        assert ended.returncode == 0, (command, ended.stderr)
    assert not shadows.imported


def test_h01_an_embedded_server(shadows: Shadows, tmp_path: Path) -> None:
    command = (INSTALLED, "serve", "--embedded", "--set=executor=local", "--port=0")
    ended = start(command, tmp_path, {}, cwd=shadows.folder)
    events = [json.loads(line)["event"] for line in ended.stdout.splitlines()]
    assert "failed" not in events, ended
    assert not shadows.imported


def test_h01_the_screen_of_a_room_of_ones_own(shadows: Shadows, tmp_path: Path) -> None:
    with screen(shadows, tmp_path, "--executor=local", "--port=0") as terminal:
        terminal.read_until("synced")
        terminal.press(b"\x11")
        assert terminal.read_to_the_end() == 0
    assert not shadows.imported


def test_h01_the_screen_of_a_link(shadows: Shadows, served: Served) -> None:
    with screen(shadows, served.home, "join", link(served)) as terminal:
        terminal.read_until("synced")
        terminal.press(b"\x11")
        assert terminal.read_to_the_end() == 0
    assert not shadows.imported


def screen(shadows: Shadows, home: Path, *arguments: str) -> AbstractContextManager[PseudoTerminal]:
    ours = environment(home)
    return pseudo_terminal(
        *(INSTALLED, *arguments),
        cwd=shadows.folder,
        HOME=ours["HOME"],
        XDG_STATE_HOME=ours["XDG_STATE_HOME"],
        XDG_DATA_HOME=ours["XDG_DATA_HOME"],
    )
