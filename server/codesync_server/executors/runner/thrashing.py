"""Detects a sandbox without memory that the kernel does not report.

The kernel kills when it can free nothing. A large interpreter (Node, Java) leaves it something:
copies of the program's own code, which are read back at once. Nothing gets on then until the time
is over, and a program without memory would be told that it was too slow.
"""

from codesync_server.executors.runner.cgroup import Cgroup

WINDOW_SECONDS = 0.25
WINDOWS = 2  # in a row; one may be a burst that passes
FAULTS_PER_SECOND = 100  # 12,000 were seen; a slow disk reads back as many as it can
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
        self._began = now
        self._faults_before = cgroup.major_faults() or 0
        self._faults: int | None = None
        self._windows = 0
        self._next_look = now + WINDOW_SECONDS

    def look(self, now: float) -> bool:
        """Tell whether the program has nearly all memory in use, and its code goes in and out."""
        if not self._enough or now < self._next_look:
            return False
        self._next_look = now + WINDOW_SECONDS
        before, self._faults = self._faults, self._faults_when_full()
        since = self._faults - before if before is not None and self._faults is not None else 0
        self._windows = self._windows + 1 if since >= FAULTS_PER_SECOND * WINDOW_SECONDS else 0
        return self._windows >= WINDOWS

    def look_back(self, now: float) -> bool:
        """Tell the same of its whole life: one that crawls slows us, too, and looks come late."""
        faults = self._faults_when_full() or 0
        return faults - self._faults_before >= FAULTS_PER_SECOND * (now - self._began)

    def _faults_when_full(self) -> int | None:
        # The high-water mark is quickly read; most programs never come near.
        if not self._enough or self._cgroup.peak() < self._enough:
            return None
        return self._cgroup.major_faults() if (self._cgroup.used() or 0) >= self._enough else None
