"""On a real terminal: nothing foreign acts on it, and it is given back whatever happens."""

import signal

import pytest

from tests.tui.hostile import MARKS, painted, what_acts
from tests.tui.pseudo_terminal import pseudo_terminal

APP = ("-m", "tests.tui.terminal_app")

LEAVE = b"\x11"  # ctrl+q

SHOWN = {
    "editor", "prepared", "stdout", "stderr", "compiler", "echo", "member", "submitter", "language",
    "banner", "notice", "fault", "rejection", "explanation", "signal", "canceller", "answer",
    "path", "join_line", "title", "notify",
}  # fmt: skip
"""Marks that must have been painted: otherwise a test of what was painted proves nothing."""


@pytest.mark.parametrize(("columns", "lines"), [(160, 48), (80, 24)])
def test_nothing_foreign_acts_on_the_terminal(columns: int, lines: int) -> None:
    with pseudo_terminal(*APP, "room", columns=columns, lines=lines) as terminal:
        status = terminal.read_to_the_end()
        assert status == 0, terminal.written[-3000:]
        assert what_acts(terminal.written) == []
        if columns == 160:
            shown = painted(terminal.written)
            assert {name for name in SHOWN if MARKS[name] not in shown} == set()


def test_the_gate_stops_what_an_author_forgot() -> None:
    with pseudo_terminal(*APP, "widgets") as terminal:
        assert terminal.read_to_the_end() == 0
        assert what_acts(terminal.written) == []
        for name in ("static", "title", "input", "option", "text_area", "notify"):
            assert MARKS[name] in painted(terminal.written)


def test_without_the_gate_this_test_would_fail() -> None:
    with pseudo_terminal(*APP, "unfiltered") as terminal:
        assert terminal.read_to_the_end() == 0
        acts = b"".join(what_acts(terminal.written))
        for sequence in (
            b"\x1b]52;c;UFdORUQ=",
            b"\x1b[6n",
            b"\xc2\x9b31m",
            b"\x1b_APC",
            b"\x1bPtmux",
        ):
            assert sequence in acts or sequence in terminal.written


@pytest.mark.parametrize(
    ("number", "status"),
    [(None, 0), (signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)],
)
def test_the_terminal_is_given_back(number: signal.Signals | None, status: int) -> None:
    with pseudo_terminal(*APP, "idle") as terminal:
        terminal.read_until("online")
        assert not terminal.is_restored()
        if number is None:
            terminal.press(LEAVE)
        else:
            terminal.process.send_signal(number)
        assert terminal.read_to_the_end() == status
        assert terminal.is_restored()
        end = terminal.written[terminal.written.rindex(b"\x1b[?1049l") :]
        assert b"\x1b[?25h" in end
        assert b"Traceback" not in terminal.written
        assert b"Warning" not in terminal.written


def test_a_terminal_that_is_closed_ends_the_app() -> None:
    with pseudo_terminal(*APP, "idle") as terminal:
        terminal.read_until("online")
        terminal.hang_up()
        terminal.process.wait(timeout=10)
        assert terminal.process.returncode == 129


def test_a_crash_gives_the_terminal_back_and_tells_no_secret() -> None:
    with pseudo_terminal(*APP, "crash") as terminal:
        assert terminal.read_to_the_end() == 1
        assert terminal.is_restored()
        assert what_acts(terminal.written.replace(b"\a\x1b[?2004l", b"\x1b[?2004l")) == []
        end = painted(terminal.written[terminal.written.rfind(b"\x1b[?1049l") :])
        assert "RuntimeError" in end
        assert "token" not in end
