"""Opening and saving source files. Everything here blocks: call it off the event loop."""

import os
import stat
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from codesync_protocol.limits import SOURCE_MAX


class FileTrouble(Exception):
    """A file cannot be opened or saved; the message is a sentence that says why."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file as it was read.

    Attributes:
        path: where it is.
        text: its text, line ends as line feeds.
        newline: its own line end.
    """

    path: Path
    text: str
    newline: str = "\n"


def read_source(path: Path) -> SourceFile:
    """Read a source file.

    Args:
        path: where; "~" is expanded.

    Returns:
        What is in it.

    Raises:
        FileTrouble: it cannot be read, is no regular file, is too large or is not UTF-8.
    """
    path = path.expanduser()
    try:
        # Not to wait for the other end of a pipe: only regular files are read.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise FileTrouble(f"{path} is not a regular file")
            data = file.read(SOURCE_MAX + 1)
    except OSError as error:
        raise FileTrouble(f"cannot open {path}: {error.strerror or error}") from None
    except ValueError:
        raise FileTrouble(f"cannot open {path}: no file can be called so") from None
    if len(data) > SOURCE_MAX:
        raise FileTrouble(f"{path} is larger than a program may be ({SOURCE_MAX >> 20} MiB)")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FileTrouble(f"{path} is not UTF-8 text (at byte {error.start:,})") from None
    newline = "\r\n" if "\r\n" in text else "\n"
    return SourceFile(path, text.replace("\r\n", "\n").replace("\r", "\n"), newline)


def write_source(file: SourceFile, *, overwrite: bool) -> None:
    """Write a source file: all of it or nothing, with the permissions that it had.

    Args:
        file: where and what.
        overwrite: replace what is there.

    Raises:
        FileExistsError: something is there, and `overwrite` is false.
        FileTrouble: it cannot be written.
    """
    path = file.path.expanduser()
    data = file.text.replace("\n", file.newline).encode("utf-8", "surrogatepass")
    try:
        target = path.resolve()
        if target.exists() and not overwrite:
            raise FileExistsError
        if target.exists() and not target.is_file():
            raise FileTrouble(f"{path} is not a regular file")
        if target.exists() and not os.access(target, os.W_OK):
            raise FileTrouble(f"cannot save {path}: it is write-protected")
        _replace(target, data)
    except FileExistsError:
        raise
    except OSError as error:
        raise FileTrouble(f"cannot save {path}: {error.strerror or error}") from None
    except (ValueError, RuntimeError):
        raise FileTrouble(f"cannot save {path}: no file can be called so") from None


def _replace(target: Path, data: bytes) -> None:
    if not target.exists():
        target.write_bytes(data)
        return
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name[:100]}.", dir=target.parent)
    except PermissionError:
        # A folder that takes no new files may still hold one that can be written.
        target.write_bytes(data)
        return
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(descriptor, stat.S_IMODE(target.stat().st_mode))
            os.fsync(descriptor)
        os.replace(name, target)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(name)
        raise
