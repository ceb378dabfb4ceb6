"""Shows a hint about --slow-link if the terminal answers slowly.

The terminal is asked for its cursor position a few times; over SSH the answer takes one round trip.
Inside tmux nothing is measured, since tmux answers itself.
"""

from collections.abc import Callable, Mapping
from time import monotonic
from typing import Final

CURSOR_QUERY: Final = "\x1b[6n"
"""The request for the cursor position (DSR); Textual parses the answer."""

SAMPLES: Final = 3
PAUSE_SECONDS: Final = 1.0
"""The pause between two requests, so that the first frames do not affect the measurement."""

SLOW_SECONDS: Final = 0.2
"""The hint is shown if the terminal takes at least so long to answer."""

SLOW_FRAMES: Final = 10
"""The frame rate of --slow-link: with this rate or less there is no hint."""

HINT: Final = "Your terminal takes {:.1f} s to answer. Enter with --slow-link to have less written."


def may_be_slow(environment: Mapping[str, str], frames: int) -> bool:
    """Return whether the terminal's delay should be measured.

    Args:
        environment: the environment of this process; SSH sets SSH_CONNECTION.
        frames: the largest number of frames a second.
    """
    return bool(environment.get("SSH_CONNECTION")) and frames > SLOW_FRAMES


class SlowLinkHint:
    """Measures how long the terminal takes to answer, and shows a hint if it is slow.

    Args:
        write: writes to the terminal.
        notify: shows a notice.
        call_later: calls a function after a number of seconds.
        clock: the monotonic clock.
    """

    def __init__(
        self,
        write: Callable[[str], None],
        notify: Callable[[str], None],
        call_later: Callable[[float, Callable[[], None]], object],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._write = write
        self._notify = notify
        self._call_later = call_later
        self._clock = clock
        self._queried_at: float | None = None
        self._delays: list[float] = []

    def start(self) -> None:
        """Start measuring."""
        self._call_later(PAUSE_SECONDS, self._query_cursor)

    def cursor_reported(self) -> None:
        """Note the terminal's answer; answers to other questions are ignored."""
        if self._queried_at is None:
            return
        self._delays.append(self._clock() - self._queried_at)
        self._queried_at = None
        if len(self._delays) < SAMPLES:
            self._call_later(PAUSE_SECONDS, self._query_cursor)
        elif (delay := min(self._delays)) >= SLOW_SECONDS:
            self._notify(HINT.format(delay))

    def _query_cursor(self) -> None:
        self._queried_at = self._clock()
        self._write(CURSOR_QUERY)
