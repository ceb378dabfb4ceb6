"""Bounds of lists inside messages, in items and in encoded bytes, so that each message fits."""

from typing import Any, NamedTuple

from msgspec import Meta

from codesync_protocol.limits import ARGS_COUNT_MAX, ARGS_MAX, HISTORY_PAGE_MAX, KIB, PART_MAX

BYTES_MAX = "bytes_max"
"""Name of the bound in `Meta.extra`: encoded bytes of all items of a list together."""


class ListBound(NamedTuple):
    """The bound of one list in one message.

    Attributes:
        items: number of items.
        size: encoded bytes of all items together.
    """

    items: int
    size: int

    @property
    def meta(self) -> Meta:
        """The bound as the annotation of a field."""
        extra: dict[str, Any] = {BYTES_MAX: self.size}
        return Meta(max_length=self.items, extra=extra)


MEMBERS = ListBound(1000, 64 * KIB)
"""Members in one message."""

CARETS = ListBound(1000, 40 * KIB)
"""Carets in one message."""

QUEUED_JOBS = ListBound(1000, 32 * KIB)
"""Waiting and running jobs in one message."""

RECENT_JOBS = ListBound(200, 64 * KIB)
"""Recent jobs in one part of a welcome."""

LANGUAGES = ListBound(100, 48 * KIB)
"""Languages in one part of a welcome."""

PAST_JOBS = ListBound(HISTORY_PAGE_MAX, 192 * KIB)
"""Finished jobs in one page of the history."""

CHUNKS = ListBound(1024, PART_MAX + 16 * KIB)
"""Pieces of output in one message: their data, and 16 bytes around each piece."""

TYPED_LINES = ListBound(1024, 96 * KIB)
"""Typed lines in one message."""

ARGUMENTS = ListBound(ARGS_COUNT_MAX, ARGS_MAX + 5 * ARGS_COUNT_MAX)
"""Command-line arguments: their bytes, and the header of each."""
