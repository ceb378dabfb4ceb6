"""Runs the real `codesync` command in a process with its own descriptors."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SECONDS = 100


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended."""

    status: int
    stdout: bytes
    stderr: str


def environment(home: Path) -> dict[str, str]:
    """An environment whose files are the test's own."""
    others = {key: value for key, value in os.environ.items() if key != "CODESYNC_STORE"}
    return {
        **others,
        "HOME": str(home),
        "XDG_STATE_HOME": str(home / "state"),
        "XDG_DATA_HOME": str(home / "data"),
    }


def codesync(*arguments: str, home: Path, stdin: bytes = b"", cwd: Path | None = None) -> Done:
    """Run `codesync` and wait for its end."""
    done = subprocess.run(
        command(*arguments),
        input=stdin,
        capture_output=True,
        timeout=SECONDS,
        env=environment(home),
        cwd=cwd,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr.decode())


def command(*arguments: str) -> Sequence[str]:
    """The command line of `codesync`."""
    return [sys.executable, "-m", "codesync_cli", *arguments]
