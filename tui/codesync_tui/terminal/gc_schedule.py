"""Schedules full garbage collections in pauses of typing and output.

A full collection looks at every object of the libraries, the screen and the output that is kept: 50
to 90 ms in which no key is answered. What is there at the start will never be garbage; the rest is
looked at when nobody types and nothing is written, or when it was not for long.
"""

import gc
from time import monotonic
from typing import Final

NEVER: Final = 1_000_000_000
PAUSE_SECONDS: Final = 2.0
"""Without a key and without output for so long is a pause."""

DUE_SECONDS: Final = 20.0
"""A pause is used when the last full collection is so long ago."""

OVERDUE_SECONDS: Final = 300.0
"""Then it is done in any case."""


class GcSchedule:
    """Schedules the full garbage collections of this process."""

    def __init__(self) -> None:
        self._active_at = self._collected_at = monotonic()

    def start(self) -> None:
        """Disable automatic full collections; the interpreter still does small ones."""
        gc.collect()
        gc.freeze()
        young, middle, _ = gc.get_threshold()
        gc.set_threshold(young, middle, NEVER)

    def note_activity(self) -> None:
        """Note that a key was pressed or output was written."""
        self._active_at = monotonic()

    def collect_if_due(self) -> None:
        """Run a full collection if one is due. Called once a second."""
        now = monotonic()
        since = now - self._collected_at
        in_pause = now - self._active_at >= PAUSE_SECONDS
        if since >= OVERDUE_SECONDS or (since >= DUE_SECONDS and in_pause):
            gc.collect()
            self._collected_at = monotonic()
