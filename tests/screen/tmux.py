"""A real terminal for tests: programs in tmux windows, and their screens as text."""

import os
import shutil
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import missing

POLL_SECONDS = 0.05
SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Terminal:
    """A tmux server of the test's own."""

    name: str
    folder: Path

    def tmux(self, *arguments: str) -> str:
        """Give tmux a command; give what it prints."""
        done = subprocess.run(
            ["tmux", "-L", self.name, "-f", "/dev/null", *arguments],
            capture_output=True,
            text=True,
            check=True,
            timeout=SECONDS,
            env=_environment(self.folder),
        )
        return done.stdout

    def open(self, window: str, command: str, *, columns: int = 80, lines: int = 24) -> "Window":
        """Type a command into a shell in a window of a size."""
        self.tmux("new-session", "-d", "-s", window, "-x", str(columns), "-y", str(lines), "sh")
        opened = Window(self, window)
        opened.type(f"{command}; echo ended with $?")
        opened.press("Enter")
        return opened


@dataclass(frozen=True, slots=True)
class Window:
    """One program on its screen."""

    terminal: Terminal
    name: str

    def screen(self) -> str:
        """What the screen shows now."""
        return self.terminal.tmux("capture-pane", "-p", "-t", self.name)

    def press(self, *keys: str) -> None:
        """Press keys, by their tmux names."""
        self.terminal.tmux("send-keys", "-t", self.name, *keys)

    def resize(self, columns: int, lines: int) -> None:
        """Give the window another size."""
        size = ["-x", str(columns), "-y", str(lines)]
        self.terminal.tmux("resize-window", "-t", self.name, *size)

    def type(self, text: str) -> None:
        """Type text as it is."""
        self.terminal.tmux("send-keys", "-l", "-t", self.name, text)

    def shows(self, *texts: str, seconds: float = SECONDS) -> str:
        """Wait until the screen shows all the texts.

        Returns:
            The screen.
        """
        deadline = time.monotonic() + seconds
        while True:
            screen = self.screen()
            if all(text in screen for text in texts):
                return screen
            if time.monotonic() > deadline:
                pytest.fail(f"{self.name} does not show {texts}:\n{screen}")
            time.sleep(POLL_SECONDS)


def _environment(folder: Path) -> dict[str, str]:
    """Ours, less what would tell programs of another terminal than tmux's."""
    ours = {
        k: v for k, v in os.environ.items() if k not in ("TMUX", "COLUMNS", "LINES", "NO_COLOR")
    }
    return {**ours, "HOME": str(folder)}


@contextmanager
def terminal(folder: Path) -> Generator[Terminal, None, None]:
    """Start a tmux server, and end it with all that runs in it."""
    if shutil.which("tmux") is None:
        missing("tmux is not installed on this machine")
    opened = Terminal(f"codesync-test-{os.getpid()}-{folder.name}", folder)
    try:
        yield opened
    finally:
        subprocess.run(
            ["tmux", "-L", opened.name, "kill-server"], capture_output=True, check=False, timeout=10
        )
