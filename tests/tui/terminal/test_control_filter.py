"""On a real terminal, no external text controls it, and it is always restored."""

import pkgutil
import re
import signal
from importlib import import_module
from pathlib import Path

import pytest
from textual.widget import Widget

import codesync_tui
from tests.tui.hostile_text import MARKS, painted, what_acts
from tests.tui.pseudo_terminal import pseudo_terminal

APP = ("-m", "tests.tui.terminal_app")

LEAVE = b"\x11"  # ctrl+q

COVERED: dict[str, tuple[str, ...]] = {
    "AnswerLine": ("answer",),
    "Banner": ("banner", "trouble"),
    "CodeEditor": ("editor",),
    "ConflictScreen": ("unsent", "mine", "theirs", "reason"),
    "Dialog": (),
    "FindLine": ("find", "replace"),
    "PastJobList": ("past_name", "past_file"),
    "HelpScreen": ("banner",),
    "HistoryScreen": ("past_name", "past_file", "past_trouble"),
    "InviteScreen": ("join_line",),
    "LanguagePicker": ("language",),
    "LinePrompt": ("line",),
    "MembersPane": ("member",),
    "OutputFind": ("output_find",),
    "OutputPane": (
        "stdout", "stderr", "compiler", "echo", "explanation", "signal", "canceller",
    ),
    "PastJobScreen": ("past_source", "past_output"),
    "PathPrompt": ("path", "file_name"),
    "QueuePane": ("submitter",),
    "RoomScreen": ("join_line",),
    "SourceArea": ("prepared",),
    "StatusLine": ("submitter", "language"),
    "StdinPane": ("submitter",),
    "PartialRepaintTextArea": (),
    "TooSmallScreen": (),
    # What Textual brings along.
    "CommandPalette": ("submitter", "language"),
    "Toast": (
        "notice", "fault", "rejection", "title", "notify", "holder", "saved", "opened",
        "unsaved",
    ),
}  # fmt: skip
"""What the tour shows, each with the foreign texts that it shows there."""


def ours() -> set[str]:
    """All screens and widgets that are defined in codesync_tui."""
    for module in pkgutil.walk_packages(codesync_tui.__path__, "codesync_tui."):
        import_module(module.name)
    found: set[str] = set()
    kinds: list[type[Widget]] = [Widget]
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        if kind.__module__.partition(".")[0] == "codesync_tui":
            found.add(kind.__name__)
    return found


def test_a68_every_screen_and_widget_is_on_the_tour() -> None:
    assert ours() - COVERED.keys() == set()


@pytest.mark.parametrize(("columns", "lines"), [(160, 48), (80, 24), (40, 12)])
def test_a68_nothing_foreign_acts_on_the_terminal(columns: int, lines: int, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    with pseudo_terminal(*APP, "room", str(seen), columns=columns, lines=lines) as terminal:
        status = terminal.read_to_the_end(seconds=100.0)
        assert status == 0, terminal.written[-3000:]
        assert what_acts(terminal.written) == []
        assert COVERED.keys() - seen.read_text().split() == set()
        if columns == 160:  # else a test of what was painted proves nothing
            shown = painted(terminal.written)
            marks = {name for names in COVERED.values() for name in names}
            assert {name for name in marks if MARKS[name] not in shown} == set()


def test_a68_the_gate_stops_what_an_author_forgot() -> None:
    with pseudo_terminal(*APP, "widgets") as terminal:
        assert terminal.read_to_the_end() == 0
        assert what_acts(terminal.written) == []
        for name in ("static", "title", "input", "option", "text_area", "notify"):
            assert MARKS[name] in painted(terminal.written)


def test_a68_without_the_gate_this_test_would_fail() -> None:
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


def test_without_colours_none_is_written() -> None:
    with pseudo_terminal(*APP, "idle", NO_COLOR="1") as terminal:
        terminal.read_until("synced")
        terminal.press(LEAVE)
        assert terminal.read_to_the_end() == 0
        looks = set(re.findall(rb"\x1b\[([0-9;]*)m", terminal.written))
        parts = {int(part) for look in looks for part in look.split(b";") if part}
        assert parts & {1, 7}, "bold and reversed text is left"
        assert {part for part in parts if 30 <= part < 110} <= {39, 49}


@pytest.mark.parametrize(
    ("number", "status"),
    [(None, 0), (signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)],
)
def test_the_terminal_is_given_back(number: signal.Signals | None, status: int) -> None:
    with pseudo_terminal(*APP, "idle") as terminal:
        terminal.read_until("synced")
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
        terminal.read_until("synced")
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
