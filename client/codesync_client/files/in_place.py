"""Writes over a file whose folder takes no new files, without losing what it held.

Such a file cannot be replaced as a whole. A copy of it is kept in the user's state directory until
the new content is on the disk. Everything here blocks.
"""

import os
import secrets
import shutil
from io import FileIO
from pathlib import Path


def overwrite(path: Path, data: bytes) -> None:
    """Write other content into a file that exists; if that fails, it holds the old content.

    Args:
        path: the file.
        data: its new content.

    Raises:
        OSError: nothing was changed, or the copy that the message names holds the old content.
    """
    # Without a buffer: what it could not write to a full disk, it would write when it is closed.
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
    """Have a file hold these bytes and no others, on the disk."""
    file.seek(0)
    _write(file, data)  # before anything is cut off: here a full disk shows
    file.truncate()
    os.fsync(file.fileno())


def _write(file: FileIO, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]


def _restore(file: FileIO, copy: Path, error: BaseException) -> None:
    """Put the copy back; if not even that works, keep it and say where it is.

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
