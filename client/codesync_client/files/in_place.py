"""Overwrites a file in a folder without write permission, without losing its content.

Such a file cannot be replaced as a whole. A copy of it is kept in the user's state directory until
the new content is on the disk. Everything here blocks.
"""

import os
import secrets
import shutil
from io import FileIO
from pathlib import Path


def overwrite(path: Path, data: bytes) -> None:
    """Overwrite an existing file; if this fails, it has the old content.

    Args:
        path: the file.
        data: its new content.

    Raises:
        OSError: nothing was changed, or the copy that the message names holds the old content.
    """
    # Without a buffer, which would write the rest when the file is closed, also to a full disk.
    with open(path, "r+b", buffering=0) as file:
        copy = _copied(file)
        try:
            _put(file, data)
        except BaseException as error:
            _restore(file, copy, error)
            raise
    copy.unlink()


def _copied(file: FileIO) -> Path:
    """Copy a file into the user's state directory (XDG Base Directory), mode 0600."""
    state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    folder = Path(state) / "codesync" / "replaced"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    copy = folder / secrets.token_hex(8)
    descriptor = os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with open(descriptor, "wb") as target:
            shutil.copyfileobj(file, target)
            target.flush()
            os.fsync(target.fileno())
    except BaseException:
        copy.unlink()
        raise
    return copy


def _put(file: FileIO, data: bytes) -> None:
    """Set the content of a file, and sync it to the disk."""
    file.seek(0)
    _write(file, data)  # before anything is cut off: here a full disk shows
    file.truncate()
    os.fsync(file.fileno())


def _write(file: FileIO, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]


def _restore(file: FileIO, copy: Path, error: BaseException) -> None:
    """Restore the copy; if this fails, keep the copy and report its path.

    Raises:
        OSError: the file could not be restored.
    """
    try:
        with open(copy, "rb") as old:
            file.seek(0)
            while piece := old.read(64 * 1024):
                _write(file, piece)
            file.truncate()
            os.fsync(file.fileno())
    except OSError:
        raise OSError(
            getattr(error, "errno", None), f"{error}; what the file held is in {copy}"
        ) from error
    copy.unlink()
