"""Opens and saves source files. All functions block: call them off the event loop."""

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from codesync_client.files import line_ends
from codesync_client.files.atomic import atomic_replacement
from codesync_client.files.in_place import overwrite
from codesync_client.files.open_writers import has_writer
from codesync_protocol.limits import SOURCE_MAX

Stamp = tuple[int, int, int] | None
"""Time, size and inode of a file, which change with it; None if it does not exist."""


class FileError(Exception):
    """A file cannot be opened or saved; the message states the reason."""


class FileChanged(FileError):
    """A file has changed since it was read, or another program has it open for writing."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """The content of a file.

    Attributes:
        path: its path.
        text: its text with line feeds.
        newline: its most frequent line end.
        stamp: its stamp when it was read; None if it did not exist, or is unknown.
    """

    path: Path
    text: str
    newline: str = "\n"
    stamp: Stamp = field(default=None, compare=False)


def file_state(path: Path) -> Stamp:
    """Return the present stamp of a file, without reading it."""
    try:
        return _stamp(os.stat(path.expanduser()))
    except (OSError, ValueError):
        return None


def _stamp(status: os.stat_result) -> Stamp:
    return status.st_mtime_ns, status.st_size, status.st_ino


def read_source(path: Path) -> SourceFile:
    """Read a source file.

    Args:
        path: its path; "~" is expanded.

    Returns:
        What is in it.

    Raises:
        FileError: it cannot be read, is no regular file, is too large or is not UTF-8.
    """
    path = path.expanduser()
    try:
        # Non-blocking: opening a pipe would wait for its other end. Only regular files are read.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise FileError(f"{path} is not a regular file")
            data = file.read(SOURCE_MAX + 1)
    except OSError as error:
        raise FileError(f"cannot open {path}: {error.strerror or error}") from None
    except ValueError:
        raise FileError(f"cannot open {path}: no file can be called so") from None
    if len(data) > SOURCE_MAX:
        raise FileError(f"{path} is larger than a program may be ({SOURCE_MAX >> 20} MiB)")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FileError(f"{path} is not UTF-8 text (at byte {error.start:,})") from None
    newline = line_ends.prevailing(text)
    return SourceFile(path, line_ends.as_line_feeds(text), newline, _stamp(status))


def write_source(file: SourceFile, *, overwrite: bool) -> None:
    """Write a source file completely or not at all, with its permissions.

    Args:
        file: the path and the content.
        overwrite: replace an existing file.

    Raises:
        FileExistsError: something is there, and `overwrite` is false.
        FileError: it cannot be written.
    """

    def check(target: Path) -> None:
        if not overwrite and target.exists():
            raise FileExistsError

    _write(file, check)


def replace_source(file: SourceFile, text: str) -> SourceFile:
    """Write another text to a file, if it is unchanged since it was read.

    Args:
        file: the file as it was read; without a stamp if it did not exist.
        text: the new text.

    Returns:
        The file as it is then.

    Raises:
        FileChanged: somebody else wrote it, or has it open to write; nothing was changed.
        FileError: it cannot be written.
    """

    def check(target: Path) -> None:
        if has_writer(target) or file_state(target) != file.stamp:
            raise FileChanged(f"{file.path} was changed by somebody else meanwhile")

    written = SourceFile(file.path, text, file.newline)
    return replace(written, stamp=_write(written, check))


def _write(file: SourceFile, check: Callable[[Path], None]) -> Stamp:
    path = file.path.expanduser()
    try:
        target = path.resolve()
        check(target)
        if target.exists() and not target.is_file():
            raise FileError(f"{path} is not a regular file")
        if target.exists() and not os.access(target, os.W_OK):
            raise FileError(f"cannot save {path}: it is write-protected")
        return _replace(target, _encoded(target, file), check)
    except FileExistsError:
        raise
    except OSError as error:
        raise FileError(f"cannot save {path}: {error.strerror or error}") from None
    except (ValueError, RuntimeError):
        raise FileError(f"cannot save {path}: no file can be called so") from None


def _encoded(target: Path, file: SourceFile) -> bytes:
    """Return the bytes of a text, with the line ends of the replaced file."""
    before = b""
    if target.exists():
        with target.open("rb") as there:
            before = there.read(SOURCE_MAX)
    text = line_ends.restored(file.text, before.decode("utf-8", "replace"), file.newline)
    return text.encode("utf-8", "surrogatepass")


def _replace(target: Path, data: bytes, check: Callable[[Path], None]) -> Stamp:
    """Replace a file by another one, after a last check."""
    is_new = not target.exists()
    try:
        with atomic_replacement(target, data, 0o666 if is_new else 0o600) as descriptor:
            if not is_new:
                os.fchmod(descriptor, stat.S_IMODE(target.stat().st_mode))
            stamp = _stamp(os.fstat(descriptor))
            check(target)
        return stamp
    except PermissionError:
        # A folder without write permission may contain a writable file.
        check(target)
        overwrite(target, data)
        return file_state(target)
