"""The lock of a database file, which ends with its process in every case."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from codesync_server.store.contract import StoreUnusable


class FileLock:
    """The right to write a database, held by a file beside it (flock(2)).

    Args:
        database: the database's file.
    """

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(database.name + ".lock")
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take it.

        Raises:
            StoreUnusable: another process has it.
            OSError: the file cannot be made.
        """
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 20).decode("ascii", "replace").strip()
            os.close(descriptor)
            who = f" (process {holder})" if holder.isdigit() else ""
            raise StoreUnusable(
                f"another codesync server{who} has it; end that one, or name another --store"
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        self._descriptor = descriptor

    def release(self) -> None:
        """Give it back, if it was taken."""
        if self._descriptor is not None:
            with suppress(OSError):
                os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None
