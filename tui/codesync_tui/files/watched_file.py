"""Reads and writes a local file that other programs also write.

Everything here blocks: call it off the event loop.
"""

from pathlib import Path
from time import monotonic

from codesync_client.files.open_writers import has_writer
from codesync_client.files.source_file import (
    FileChanged,
    FileError,
    SourceFile,
    Stamp,
    file_state,
    read_source,
    replace_source,
)

WRITER_SECONDS_MAX = 10.0
"""How long a file may be empty or missing before this counts as a change: programs that write a
file empty or remove it first. Also how long a program may keep it open before this is an error."""


class WatchedFile:
    """A local file that other programs also write.

    Args:
        path: the path; the file need not exist.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = SourceFile(path, "")
        self._last_stamp: Stamp = None
        self._stable_since = 0.0

    @property
    def text(self) -> str:
        """The content of the file when it was last stable; empty if there is no file."""
        return self._file.text

    def poll(self) -> bool:
        """Check the file, and read it if it changed and is the same in two checks.

        Returns:
            Whether `text` is the current content; otherwise poll again later.

        Raises:
            FileError: the file cannot be read, or a program keeps it open for writing.
        """
        stamp, now = file_state(self._path), monotonic()
        if stamp != self._last_stamp or not self._stable_since:
            self._last_stamp, self._stable_since = stamp, now
            return False
        if stamp == self._file.stamp:
            return True
        if self._is_being_written(stamp, now - self._stable_since):
            return False
        file = read_source(self._path) if stamp else SourceFile(self._path, "", self._file.newline)
        if file.stamp == stamp:
            self._file = file
        return file.stamp == stamp

    def _is_being_written(self, stamp: Stamp, seconds: float) -> bool:
        """Return whether another program seems to be writing the file."""
        if has_writer(self._path):
            if seconds > WRITER_SECONDS_MAX:
                raise FileError(f"a program has {self._path} open to write to it")
            return True
        is_empty = stamp is None or stamp[1] == 0
        return is_empty and bool(self._file.text) and seconds < WRITER_SECONDS_MAX

    def write(self, text: str) -> bool:
        """Replace the content, unless another program changed the file since it was read.

        Returns:
            Whether the file was written.

        Raises:
            FileError: the file cannot be written.
        """
        try:
            self._file = replace_source(self._file, text)
        except FileChanged:
            return False
        self._last_stamp = self._file.stamp
        return True
