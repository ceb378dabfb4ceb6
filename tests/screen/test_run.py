"""`codesync run` on a real terminal behaves like the program itself."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.screen.tmux import Terminal, terminal

CODESYNC = f"{sys.executable} -m codesync_cli"

PROGRAM = """
import os, signal
def say(*_): os.write(1, b"this is %d by %d\\n" % os.get_terminal_size())
signal.signal(signal.SIGWINCH, say)
say()
name = input("\\x1b]0;owned\\x07name? ")
print("hello", name)
try:
    input("interrupt me ")
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[Terminal]:
    with terminal(tmp_path) as opened:
        yield opened


def test_one_can_talk_to_a_program_on_ones_own_terminal(
    tmux: Terminal, tmp_path: Path, executor_kind: str
) -> None:
    (tmp_path / "talk.py").write_text(PROGRAM)
    run = f"{CODESYNC} run {tmp_path / 'talk.py'} --executor={executor_kind}"
    window = tmux.open("own", run, columns=90, lines=25)
    # Foreign control sequences are shown, and do not act.
    window.shows("this is 90 by 25", "␛]0;owned␇name?")
    window.resize(100, 30)
    window.shows("this is 100 by 30")
    window.type("Bob")
    window.press("Enter")
    window.shows("hello Bob", "interrupt me")
    window.press("C-d")
    window.shows("EOFError", "ended with 1")


def test_the_program_gets_the_first_ctrl_c_and_the_second_one_cancels(
    tmux: Terminal, tmp_path: Path, executor_kind: str
) -> None:
    (tmp_path / "stubborn.py").write_text(
        "import time\n"
        "print('on')\n"
        "while True:\n"
        "    try: time.sleep(0.01)\n"
        "    except KeyboardInterrupt: print('not yet')\n"
    )
    window = tmux.open("own", f"{CODESYNC} run {tmp_path}/stubborn.py --executor={executor_kind}")
    window.shows("on\n")
    window.press("C-c")
    window.shows("not yet")
    window.press("C-c")
    window.shows("cancelled", "ended with 130")
