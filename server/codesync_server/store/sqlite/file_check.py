"""Checks that the file of the database was not replaced, and can be written."""

import os
from pathlib import Path

from codesync_server.store.contract import StoreUnavailable

DISK_MIN = 64 * 1024
"""Free bytes of the disk; with less it counts as full."""


class FileCheck:
    """Watches over an open database file.

    SQLite goes on writing into a file that was deleted or moved, and nobody finds that again.

    Args:
        path: the file, which is there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._identity = _identity(path)

    def check(self) -> None:
        """Make sure that the file is there.

        Raises:
            StoreUnavailable: it was deleted, moved or replaced.
        """
        try:
            there = _identity(self._path)
        except OSError as error:
            raise StoreUnavailable(f"{self._path} is gone: {error.strerror}") from None
        if there != self._identity:
            raise StoreUnavailable(f"{self._path} was replaced by another file")

    def check_disk(self) -> None:
        """Make sure that the disk can be written to.

        Raises:
            StoreUnavailable: it is full, or mounted read-only.
        """
        try:
            disk = os.statvfs(self._path)
        except OSError as error:
            raise StoreUnavailable(f"{self._path} is gone: {error.strerror}") from None
        if disk.f_flag & os.ST_RDONLY:
            raise StoreUnavailable(f"the disk of {self._path} is mounted read-only")
        free = disk.f_bavail if os.geteuid() else disk.f_bfree
        if disk.f_blocks and free * disk.f_frsize < DISK_MIN:
            raise StoreUnavailable(f"the disk of {self._path} is full")


def _identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino
