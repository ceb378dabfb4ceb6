"""How fast a program's output is taken from it. Pure: the caller brings the clock.

A program that writes as fast as it can costs the engine, the server and every reader far more cpu
than its own share of it: unpaced, another room's job took three to four times as long beside one
(benchmarks/output_flood.py); paced, it does not notice. What waits is the program, in its write.
"""

BYTES_PER_SECOND = 20_000_000
BURST_BYTES = 2_000_000
"""So much is taken at once from a program that wrote little before."""


class OutputPacer:
    """A token bucket for one program's output.

    Args:
        now: seconds, by any clock.
    """

    def __init__(self, now: float) -> None:
        self._left = float(BURST_BYTES)
        self._at = now

    def pause(self, size: int, now: float) -> float:
        """Tell how long to wait before the next bytes are taken.

        Args:
            size: how many bytes were just taken.
            now: seconds, by the same clock.
        """
        self._left = min(BURST_BYTES, self._left + (now - self._at) * BYTES_PER_SECOND) - size
        self._at = now
        return max(0.0, -self._left / BYTES_PER_SECOND)
