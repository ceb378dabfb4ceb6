"""H16: saving on a full disk preserves the old content of a file."""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from codesync_client.files.in_place import overwrite

OLD = b"old = 1\n" * 1000
NEW = b"new = 2\n" * 100_000


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("mounting a small disk needs root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def copies(state: Path) -> list[Path]:
    folder = state / "codesync" / "replaced"
    return list(folder.iterdir()) if folder.exists() else []


@pytest.mark.parametrize("data", [b"", b"short", OLD, NEW])
def test_h16_a_file_is_written_over(data: bytes, tmp_path: Path, state: Path) -> None:
    file = tmp_path / "main.py"
    file.write_bytes(OLD)
    inode = file.stat().st_ino
    overwrite(file, data)
    assert (file.read_bytes(), file.stat().st_ino) == (data, inode)
    assert not copies(state)


def test_h16_a_full_disk_leaves_the_old_content(small_disk: Path, state: Path) -> None:
    file = small_disk / "main.py"
    file.write_bytes(OLD)
    with pytest.raises(OSError, match="No space left"):
        overwrite(file, NEW)
    assert file.read_bytes() == OLD
    assert not copies(state)


@pytest.mark.parametrize("size", [64 * 1024 + 1, 68 * 1024, 100 * 1024])
@pytest.mark.parametrize("spare", [1, 1000, 5000])
def test_h16_nothing_is_written_after_the_old_content_is_back(
    size: int, spare: int, small_disk: Path
) -> None:
    """The last page of the file has room for what a buffer still holds."""
    file = small_disk / "main.py"
    old = b"o" * (64 * 1024 - spare)
    file.write_bytes(old)
    with pytest.raises(OSError, match="No space left"):
        overwrite(file, b"n" * size)
    assert file.read_bytes() == old


def test_h16_without_room_for_the_copy_nothing_is_touched(
    small_disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(small_disk))
    file = tmp_path / "main.py"
    file.write_bytes(NEW)
    with pytest.raises(OSError, match="No space left"):
        overwrite(file, OLD)
    assert file.read_bytes() == NEW


def test_h16_what_cannot_be_restored_is_named(
    tmp_path: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(5, "Input/output error")

    file = tmp_path / "main.py"
    file.write_bytes(OLD)
    calls = iter([os.fsync])  # the first is that of the copy

    def fsync(descriptor: int) -> None:
        next(calls, fail)(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(OSError, match="what the file held is in") as caught:
        overwrite(file, NEW)
    (copy,) = copies(state)
    assert str(copy) in str(caught.value)
    assert copy.read_bytes() == OLD
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600


SAVE = """\
import os, resource, sys
from pathlib import Path
from codesync_client.files.source_file import FileError, SourceFile, write_source
folder, size = Path(sys.argv[1]), int(sys.argv[2])
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
try:
    write_source(SourceFile(folder / "shut" / "main.py", "new = 2\\n" * 100_000), overwrite=True)
except FileError as error:
    print(error)
"""


@pytest.mark.parametrize(("size", "is_saved"), [(20_000, False), (2_000_000, True)])
def test_h16_saving_into_a_shut_folder_keeps_the_file_or_writes_all(
    size: int, is_saved: bool
) -> None:
    # Not in tmp_path: another user must get there.
    made = subprocess.run(["mktemp", "-d"], capture_output=True, check=True, text=True)
    folder = Path(made.stdout.strip())
    try:
        folder.chmod(0o755)
        (folder / "state").mkdir()
        (folder / "state").chmod(0o777)
        (folder / "shut").mkdir()
        file = folder / "shut" / "main.py"
        file.write_bytes(OLD)
        file.chmod(0o666)
        (folder / "shut").chmod(0o555)
        saved = subprocess.run(
            [sys.executable, "-c", SAVE, str(folder), str(size)],
            env={**os.environ, "XDG_STATE_HOME": str(folder / "state")},
            capture_output=True,
            check=True,
            text=True,
        )
        assert file.read_bytes() == (NEW if is_saved else OLD)
        assert saved.stdout.startswith("" if is_saved else "cannot save")
        assert not copies(folder / "state")
    finally:
        (folder / "shut").chmod(0o755)
        subprocess.run(["rm", "-rf", str(folder)], check=True)
