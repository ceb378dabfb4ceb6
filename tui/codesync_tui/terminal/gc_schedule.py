"""Schedules full garbage collections in pauses of typing and output.

A full collection visits every object of the libraries, the screen and the output, and blocks keys
for 50 to 90 ms. The objects that exist at the start are excluded. The others are collected while
there are no keys and no output, or when the last collection is long ago.
"""

import gc
from time import monotonic
from typing import Final

NEVER: Final = 1_000_000_000
PAUSE_SECONDS: Final = 2.0
"""A pause is a time without keys and output of this length."""

DUE_SECONDS: Final = 20.0
"""In a pause, collect if the last full collection is so long ago."""

OVERDUE_SECONDS: Final = 300.0
"""Collect in any case if the last full collection is so long ago."""


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
