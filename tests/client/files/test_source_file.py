"""Files are opened and saved completely, or an error states the reason."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from codesync_client.files import open_writers
from codesync_client.files.source_file import (
    FileChanged,
    FileError,
    SourceFile,
    file_state,
    read_source,
    replace_source,
    write_source,
)
from codesync_protocol.limits import SOURCE_MAX


def test_what_was_saved_is_opened(tmp_path: Path) -> None:
    file = SourceFile(tmp_path / "a.py", "é\n世\n")
    write_source(file, overwrite=False)
    assert read_source(file.path) == file


def test_a70_line_ends_come_back_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"a\r\nb\r\n")
    file = read_source(path)
    assert (file.text, file.newline) == ("a\nb\n", "\r\n")
    write_source(file, overwrite=True)
    assert path.read_bytes() == b"a\r\nb\r\n"


def test_a70_a_file_that_mixes_line_ends_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"a\nb\r\nc\nd\re\r\n\n")
    file = read_source(path)
    assert (file.text, file.newline) == ("a\nb\nc\nd\ne\n\n", "\n")
    write_source(SourceFile(path, file.text, file.newline), overwrite=True)
    assert path.read_bytes() == b"a\nb\r\nc\nd\re\r\n\n"
    replace_source(read_source(path), "a\nB\nc\nnew\nd\ne\n\n")
    assert path.read_bytes() == b"a\nB\r\nc\nnew\nd\re\r\n\n", "only what is new has a new end"


def test_a_home_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "a.py").write_text("x")
    assert read_source(Path("~/a.py")).path == tmp_path / "a.py"


def test_permissions_stay(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("old")
    path.chmod(0o750)
    write_source(SourceFile(path, "new"), overwrite=True)
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o750
    assert os.listdir(tmp_path) == ["a.py"]


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real.py").write_text("old")
    (tmp_path / "link.py").symlink_to("real.py")
    write_source(SourceFile(tmp_path / "link.py", "new"), overwrite=True)
    assert (tmp_path / "link.py").is_symlink()
    assert (tmp_path / "real.py").read_text() == "new"


def test_another_file_is_not_replaced_unasked(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("precious")
    with pytest.raises(FileExistsError):
        write_source(SourceFile(path, "new"), overwrite=False)
    assert path.read_text() == "precious"


def test_a70_what_cannot_be_opened_is_said(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b"caf\xe9")
    (tmp_path / "large").write_bytes(b"x" * (SOURCE_MAX + 1))
    os.mkfifo(tmp_path / "pipe")
    for name, reason in (
        ("nowhere", "No such file"),
        ("latin", "not UTF-8 text (at byte 3)"),
        ("large", "larger than a program may be"),
        ("pipe", "not a regular file"),
        (".", "directory"),
        ("a\0b", "no file can be called so"),
    ):
        with pytest.raises(FileError) as trouble:
            read_source(tmp_path / name)
        assert reason in str(trouble.value)


def test_what_cannot_be_saved_is_said(tmp_path: Path) -> None:
    for name, reason in (
        ("no/such/folder", "No such file or directory"),
        (".", "not a regular file"),
        ("a\0b", "no file can be called so"),
    ):
        with pytest.raises(FileError) as trouble:
            write_source(SourceFile(tmp_path / name, "x"), overwrite=True)
        assert reason in str(trouble.value)


def test_a_file_is_replaced_only_if_it_is_as_it_was_read(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("old\n")
    read = read_source(path)
    path.write_text("somebody's\n")
    with pytest.raises(FileChanged):
        replace_source(read, "mine\n")
    assert path.read_text() == "somebody's\n"
    written = replace_source(read_source(path), "mine\n")
    assert (path.read_text(), written.stamp) == ("mine\n", file_state(path))
    replace_source(written, "mine again\n")
    with pytest.raises(FileChanged):
        replace_source(SourceFile(path, ""), "for a file that was not there\n")
    assert os.listdir(tmp_path) == ["a.py"]


def test_what_is_saved_while_the_disk_is_slow_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.py"
    path.write_text("old\n")
    read = read_source(path)

    def slow(_: int) -> None:
        path.write_text("saved meanwhile\n")

    monkeypatch.setattr(os, "fsync", slow)
    with pytest.raises(FileChanged):
        replace_source(read, "mine\n")
    assert path.read_text() == "saved meanwhile\n"


def test_a_file_that_is_not_there_is_made_with_the_usual_permissions(tmp_path: Path) -> None:
    (tmp_path / "usual").touch()
    made = replace_source(SourceFile(tmp_path / "a.py", ""), "text\n")
    assert made.path.stat().st_mode == (tmp_path / "usual").stat().st_mode
    assert made.stamp == file_state(made.path)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can be asked")
def test_a_file_that_a_program_has_open_to_write_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("old\n")
    read = read_source(path)
    with path.open("a"), pytest.raises(FileChanged):
        replace_source(read, "mine\n")
    with path.open("r"):
        replace_source(read, "mine\n")
    assert path.read_text() == "mine\n"


def test_asking_who_writes_neither_hinders_writers_nor_ends_us(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.touch()
    loop = f"for i in $(seq 2000); do printf x >> '{path}'; done"
    with subprocess.Popen(["sh", "-c", loop]) as writer:
        while writer.poll() is None:
            open_writers.has_writer(path)
    assert (writer.returncode, path.stat().st_size) == (0, 2_000)
    assert not open_writers.has_writer(path)
