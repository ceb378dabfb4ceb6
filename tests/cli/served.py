"""A real `codesync serve` for tests of commands."""

import re
import signal
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cli.command import command, environment


@dataclass(frozen=True, slots=True)
class Served:
    """A running `codesync serve`."""

    process: subprocess.Popen[str]
    home: Path
    address: str
    greeting: str


@contextmanager
def serve(home: Path) -> Generator[Served]:
    """Run a server whose files are in `home`."""
    with subprocess.Popen(
        command("serve", "--port=0", "--executor=local"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment(home),
    ) as process:
        assert process.stdout is not None
        greeting = ""
        while "invite" not in greeting:
            line = process.stdout.readline()
            assert line, greeting
            greeting += line
        found = re.search(r"ws://127\.0\.0\.1:\d+", greeting)
        assert found
        try:
            yield Served(process, home, found[0], greeting)
        finally:
            process.send_signal(signal.SIGKILL)
