"""Bodies of submissions on their way to the server: bounded over all members together. Pure."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

BYTES_MAX = 64 * 1024 * 1024
STALE_SECONDS = 30.0
"""One of which nothing came for so long makes way for others."""


@dataclass(slots=True)
class _Upload:
    size: int
    moved_at: float
    drop: Callable[[], None]


class UploadsFull(Exception):
    """There is no room for another body now."""


class Uploads:
    """What is on its way, the one that stood still for longest first."""

    def __init__(self) -> None:
        self._uploads: OrderedDict[str, _Upload] = OrderedDict()
        self._bytes = 0

    def begin(self, job: str, size: int, drop: Callable[[], None], now: float) -> None:
        """Make room for a body.

        Args:
            job: whose.
            size: how many bytes it will have.
            drop: called when it has to make way.
            now: seconds of any steady clock.

        Raises:
            UploadsFull: there is none.
        """
        self.end(job)
        while self._bytes + size > BYTES_MAX:
            oldest = next(iter(self._uploads), None)
            if oldest is None or now - self._uploads[oldest].moved_at < STALE_SECONDS:
                raise UploadsFull
            drop_oldest = self._uploads[oldest].drop
            self.end(oldest)
            drop_oldest()
        self._uploads[job] = _Upload(size, now, drop)
        self._bytes += size

    def moved(self, job: str, now: float) -> None:
        """More of a body has come."""
        if upload := self._uploads.get(job):
            upload.moved_at = now
            self._uploads.move_to_end(job)

    def end(self, job: str) -> None:
        """A body is whole, or will not come."""
        if upload := self._uploads.pop(job, None):
            self._bytes -= upload.size
