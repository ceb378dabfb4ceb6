"""Whether the sandbox is out of memory without the kernel saying so.

The kernel kills when it can free nothing. A large interpreter (Node, Java) leaves it something:
copies of the program's own code, which are read back at once. Nothing gets on then until the time
is over, and a program without memory would be told that it was too slow.
"""

from codesync_server.executors.runner.cgroup import Cgroup

WINDOW_SECONDS = 0.25
WINDOWS = 2  # in a row; one may be a burst that passes
FAULTS = 25  # in a window; 3,000 were seen, a slow disk reads back as many as it can
CROWDED = 31 / 32  # of the limit; 0.987 was seen


class Thrashing:
    """What the counters said when they were looked at last."""

    def __init__(self, cgroup: Cgroup, now: float) -> None:
        """Begin.

        Args:
            cgroup: the sandbox's counters.
            now: monotonic seconds.
        """
        self._cgroup = cgroup
        self._enough = (cgroup.limit() or 0) * CROWDED
        self._faults: int | None = None
        self._windows = 0
        self._next_look = now + WINDOW_SECONDS

    def look(self, now: float) -> bool:
        """Tell whether the program has nearly all memory in use, and its code goes in and out."""
        if not self._enough or now < self._next_look:
            return False
        self._next_look = now + WINDOW_SECONDS
        before, self._faults = self._faults, None
        # The high-water mark is quickly read; most programs never come near.
        if self._cgroup.peak() >= self._enough and (self._cgroup.used() or 0) >= self._enough:
            self._faults = self._cgroup.major_faults()
        since = self._faults - before if before is not None and self._faults is not None else 0
        self._windows = self._windows + 1 if since >= FAULTS else 0
        return self._windows >= WINDOWS
