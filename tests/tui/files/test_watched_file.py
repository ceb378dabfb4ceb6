"""A file of other programs is read while it is unchanged, and never overwritten unseen."""

import sys
from pathlib import Path

import pytest

from codesync_client.files.source_file import FileError
from codesync_tui.files import watched_file
from codesync_tui.files.watched_file import WRITER_SECONDS_MAX, WatchedFile


class Clock:
    def __init__(self) -> None:
        self.now = 1.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(watched_file, "monotonic", clock)
    return clock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "main.py"
    path.write_text("old\n")
    return path


@pytest.fixture
def file(path: Path, clock: Clock) -> WatchedFile:
    file = WatchedFile(path)
    assert not file.poll()
    assert file.poll()
    return file


def test_what_is_the_same_at_two_looks_is_read(file: WatchedFile, path: Path) -> None:
    assert file.text == "old\n"
    path.write_text("new and")
    assert not file.poll()
    path.write_text("new and whole\n")
    assert not file.poll()
    assert file.text == "old\n"
    assert file.poll()
    assert file.text == "new and whole\n"


def test_a_file_that_is_not_there_is_empty(tmp_path: Path) -> None:
    file = WatchedFile(tmp_path / "new.py")
    assert not file.poll()
    assert file.poll()
    assert file.text == ""
    assert file.write("text\n")
    assert file.poll()
    assert (tmp_path / "new.py").read_text() == "text\n"


@pytest.mark.parametrize("how", ["emptied", "removed"])
def test_a_file_that_is_emptied_or_removed_is_waited_for(
    file: WatchedFile, path: Path, clock: Clock, how: str
) -> None:
    path.write_text("") if how == "emptied" else path.unlink()
    assert not file.poll()
    assert not file.poll()
    clock.now += WRITER_SECONDS_MAX / 2
    assert not file.poll()
    assert file.text == "old\n"
    clock.now += WRITER_SECONDS_MAX
    assert file.poll()
    assert file.text == ""


def test_a_file_that_comes_back_was_never_empty(
    file: WatchedFile, path: Path, clock: Clock
) -> None:
    path.write_text("")
    file.poll()
    clock.now += WRITER_SECONDS_MAX / 2
    path.write_text("new\n")
    assert not file.poll()
    assert file.poll()
    assert file.text == "new\n"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can be asked")
def test_a_file_that_a_program_writes_is_left_alone_however_long_that_takes(
    file: WatchedFile, path: Path, clock: Clock
) -> None:
    with path.open("w") as writer:
        writer.write("ha")
        writer.flush()
        assert not file.poll()
        clock.now += WRITER_SECONDS_MAX - 1.0
        assert not file.poll()
        assert not file.write("over it\n")
        clock.now += 2.0
        with pytest.raises(FileError, match="open to write to it"):
            file.poll()
        writer.write("lf\n")
    assert not file.poll()
    assert file.poll()
    assert file.text == "half\n"


def test_what_somebody_saved_is_not_overwritten(file: WatchedFile, path: Path) -> None:
    path.write_text("somebody's\n")
    assert not file.write("mine\n")
    assert path.read_text() == "somebody's\n"
    assert not file.poll()
    assert file.poll()
    assert file.write("both\n")
    assert file.poll()
    assert (file.text, path.read_text()) == ("both\n", "both\n")


def test_a_file_that_cannot_be_read_stays_unread_until_it_is_mended(
    file: WatchedFile, path: Path
) -> None:
    path.write_bytes(b"caf\xe9")
    assert not file.poll()
    for _ in range(2):
        with pytest.raises(FileError, match="not UTF-8"):
            file.poll()
    assert not file.write("over it\n")
    path.write_text("café")
    assert not file.poll()
    assert file.poll()
    assert file.text == "café"
