"""Replaces files atomically: a reader finds the old or the new content."""

import os
import secrets
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def atomic_replacement(path: Path, data: bytes, mode: int = 0o600) -> Generator[int]:
    """Prepare a file that replaces another one at the end of the block, unless the block fails.

    Args:
        path: the path of the replaced file, which need not exist.
        data: the content.
        mode: the permissions, before the umask.

    Yields:
        Its descriptor; everything is on the disk.

    Raises:
        OSError: it cannot be written.
    """
    beside = path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(descriptor)
            yield descriptor
        os.replace(beside, path)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(beside)
        raise
