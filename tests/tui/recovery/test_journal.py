"""Each session has its own notes, which other sessions get after its end only."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from codesync_protocol.links import Link
from codesync_tui.recovery.journal import Journal, UnsentTexts
from tests.tui.recovery.abandoned_entries import leave_note

DEN = Link("ws://127.0.0.1:1", "den", "")


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path


def files(state: Path) -> list[Path]:
    return sorted((state / "codesync" / "unsent").iterdir())


def unsent(text: str, at: float = 1.0) -> UnsentTexts:
    return UnsentTexts(at, {"source": text}, {"source": ""}, "first")


def offered() -> list[UnsentTexts]:
    """What somebody who comes next is offered; and puts back."""
    taken = Journal(DEN).acquire_abandoned()
    for note, _ in taken:
        note.close()
    return [each for _, each in taken]


def test_what_is_kept_is_found_when_its_session_is_gone(state: Path) -> None:
    note = Journal(DEN).new_entry()
    note.unsent = unsent("é\x1b🙂")
    note.save()
    assert not offered(), "its writer lives"
    note.unsent = unsent("more")
    note.save()
    assert not offered()
    note.close()
    assert offered() == [unsent("more")]
    assert not Journal(Link(DEN.server, "pit", "")).acquire_abandoned()
    (file,) = files(state)
    assert file.stat().st_mode & 0o777 == 0o600


def test_f38_a_session_that_was_killed_is_gone() -> None:
    program = (
        "import os, signal\n"
        "from codesync_protocol.links import Link\n"
        "from codesync_tui.recovery.journal import Journal, UnsentTexts\n"
        f"note = Journal(Link({DEN.server!r}, {DEN.room!r}, '')).new_entry()\n"
        "note.unsent = UnsentTexts(1.0, {'source': 'mine'}, {'source': ''}, 'first')\n"
        "note.save()\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=False)
    assert offered() == [unsent("mine")]


def test_two_sessions_keep_both_and_neither_forgets_the_others() -> None:
    leave_note(DEN, unsent("later", 2.0))
    leave_note(DEN, unsent("earlier", 1.0))
    mine = Journal(DEN).new_entry()
    mine.unsent = unsent("my own")
    mine.save()
    mine.unsent = None
    mine.save()
    assert offered() == [unsent("earlier", 1.0), unsent("later", 2.0)]


def test_what_is_offered_to_one_is_offered_to_nobody_else(state: Path) -> None:
    leave_note(DEN, unsent("mine"))
    ((note, _),) = Journal(DEN).acquire_abandoned()
    assert not offered()
    note.unsent = None
    note.save()
    note.close()
    assert not files(state)


def test_each_text_is_answered_alone() -> None:
    both = UnsentTexts(1.0, {"source": "a", "stdin": "b"}, {"source": "", "stdin": ""}, "first")
    leave_note(DEN, both)
    ((note, _),) = Journal(DEN).acquire_abandoned()
    note.drop("source")
    note.close()
    assert [each.mine for each in offered()] == [{"stdin": "b"}]
    ((note, _),) = Journal(DEN).acquire_abandoned()
    note.drop("stdin")
    note.close()
    assert not offered()


def test_what_is_there_when_we_leave_is_saved_and_nothing_after_it(state: Path) -> None:
    note = Journal(DEN).new_entry()
    note.unsent = unsent("last words")
    note.close()
    note.unsent = None
    note.save()
    assert offered() == [unsent("last words")]


def test_a_note_that_is_broken_is_no_note(state: Path) -> None:
    leave_note(DEN, unsent("x"))
    (file,) = files(state)
    file.write_bytes(b"{")
    assert not offered()


def test_where_files_cannot_be_locked_it_is_better_asked_twice_than_never(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def no_locks(_: int, __: int) -> None:
        raise OSError(95, os.strerror(95))

    monkeypatch.setattr(fcntl, "flock", no_locks)
    leave_note(DEN, unsent("x"))
    assert offered() == [unsent("x")]


def test_a_disk_that_is_full_is_no_reason_to_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, os.strerror(28))

    note = Journal(DEN).new_entry()
    note.unsent = unsent("x")
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        note.save()
    assert not offered()
    note.close()
    assert offered() == [unsent("x")], "once there is room again"
