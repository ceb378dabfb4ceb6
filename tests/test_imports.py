"""The modules that each part really imports, observed in a separate process."""

import subprocess
import sys
from pathlib import Path

import pytest

from codesync_cli.dispatch import COMMANDS

SERVERS = {"codesync_server", "docker", "pymongo"}
SCREENS = {"codesync_tui", "textual", "rich", "tree_sitter"}
CRDT = {"pycrdt"}
HEAVY = {"docker", "pymongo"} | CRDT
IO = {"asyncio", "socket", "websockets"}

IMPORTED = "import sys; print('\\n'.join(name.partition('.')[0] for name in sys.modules))"
ROOT = Path(__file__).resolve().parent.parent


def imported_by(code: str) -> set[str]:
    """The top-level packages that are there after some code ran in a fresh interpreter."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{IMPORTED}"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return set(done.stdout.split())


def modules(folder: str) -> str:
    """Code that imports every module of a part."""
    names = [
        path.relative_to(ROOT / folder.partition("/")[0]).with_suffix("").as_posix()
        for path in sorted((ROOT / folder).rglob("*.py"))
        if path.name != "__main__.py"
    ]
    dotted = (name.replace("/", ".").removesuffix(".__init__") for name in names)
    return "\n".join(f"import {name}" for name in dotted)


def test_the_protocol_brings_nothing_that_speaks_to_anybody() -> None:
    imported = imported_by(modules("protocol/codesync_protocol"))
    assert not imported & (IO | SERVERS | SCREENS | CRDT | {"codesync_client", "codesync_cli"})


def test_the_client_alone_brings_neither_screen_nor_server_nor_crdt() -> None:
    imported = imported_by(
        "import codesync_client, codesync_client.files.source_file, codesync_client.document.merge"
    )
    assert not imported & (SERVERS | SCREENS | {"codesync_cli"})
    imported = imported_by("import codesync_client")
    assert not imported & CRDT


def test_the_whole_client_brings_neither_screen_nor_server() -> None:
    imported = imported_by(modules("client/codesync_client"))
    assert not imported & (SERVERS | SCREENS | {"codesync_cli"})


def test_the_screen_knows_no_server() -> None:
    imported = imported_by(modules("tui/codesync_tui"))
    assert {"codesync_client", "textual"} <= imported
    assert not imported & (SERVERS | {"codesync_cli"})


def test_the_server_knows_neither_client_nor_screen() -> None:
    imported = imported_by(modules("server/codesync_server"))
    assert "docker" in imported
    assert not imported & (SCREENS | {"codesync_client", "codesync_cli"})


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["run", "--help"], ["nonsense"]])
def test_the_command_starts_light(arguments: list[str]) -> None:
    code = f"""
from codesync_cli.__main__ import main
try:
    main({arguments!r})
except SystemExit:
    pass
"""
    assert not imported_by(code) & (HEAVY | SCREENS)


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_a_command_imports_server_screen_and_crdt_only_when_it_runs(command: str) -> None:
    # Declarations of settings are the server's too: they are light, and --help shows them.
    assert not imported_by(f"import codesync_cli.commands.{command}") & (HEAVY | SCREENS)
