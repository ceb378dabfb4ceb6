"""Files are opened and saved whole, or a sentence says why not."""

import os
from pathlib import Path

import pytest

from codesync_client.files import FileTrouble, SourceFile, read_source, write_source
from codesync_protocol.limits import SOURCE_MAX


def test_what_was_saved_is_opened(tmp_path: Path) -> None:
    file = SourceFile(tmp_path / "a.py", "é\n世\n")
    write_source(file, overwrite=False)
    assert read_source(file.path) == file


def test_line_ends_come_back_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"a\r\nb\r\n")
    file = read_source(path)
    assert (file.text, file.newline) == ("a\nb\n", "\r\n")
    write_source(file, overwrite=True)
    assert path.read_bytes() == b"a\r\nb\r\n"


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


def test_what_cannot_be_opened_is_said(tmp_path: Path) -> None:
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
        with pytest.raises(FileTrouble) as trouble:
            read_source(tmp_path / name)
        assert reason in str(trouble.value)


def test_what_cannot_be_saved_is_said(tmp_path: Path) -> None:
    for name, reason in (
        ("no/such/folder", "No such file or directory"),
        (".", "not a regular file"),
        ("a\0b", "no file can be called so"),
    ):
        with pytest.raises(FileTrouble) as trouble:
            write_source(SourceFile(tmp_path / name, "x"), overwrite=True)
        assert reason in str(trouble.value)
