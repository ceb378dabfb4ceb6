"""Detects a sandbox without memory that the kernel does not report.

The kernel kills when it can free nothing. A large interpreter (Node, Java) leaves it something:
copies of the program's own code, which are read back at once. Nothing gets on then until the time
is over, and a program without memory would be told that it was too slow.
"""

from codesync_server.executors.runner.cgroup import Cgroup

WINDOW_SECONDS = 0.25
WINDOWS = 2  # in a row; one may be a burst that passes
FAULTS_PER_SECOND = 100  # 12,000 were seen; a slow disk reads back as many as it can
FULL_SHARE = 31 / 32  # of the limit; 0.987 was seen


class Thrashing:
    """Detects thrashing from changes of the counters."""

    def __init__(self, cgroup: Cgroup, now: float) -> None:
        """Begin.

        Args:
            cgroup: the sandbox's counters.
            now: monotonic seconds.
        """
        self._cgroup = cgroup
        self._full_bytes = (cgroup.limit() or 0) * FULL_SHARE
        self._began = now
        self._faults_before = cgroup.major_faults() or 0
        self._faults: int | None = None
        self._windows = 0
        self._next_check = now + WINDOW_SECONDS

    def check(self, now: float) -> bool:
        """Tell whether nearly all memory is in use and code is read back all the time."""
        if not self._full_bytes or now < self._next_check:
            return False
        self._next_check = now + WINDOW_SECONDS
        before, self._faults = self._faults, self._faults_when_full()
        since = self._faults - before if before is not None and self._faults is not None else 0
        self._windows = self._windows + 1 if since >= FAULTS_PER_SECOND * WINDOW_SECONDS else 0
        return self._windows >= WINDOWS

    def check_whole_run(self, now: float) -> bool:
        """Tell the same of the whole run: thrashing slows the runner, too, and checks come late."""
        faults = self._faults_when_full() or 0
        return faults - self._faults_before >= FAULTS_PER_SECOND * (now - self._began)

    def _faults_when_full(self) -> int | None:
        # The high-water mark is quickly read; most programs never come near.
        if not self._full_bytes or self._cgroup.peak() < self._full_bytes:
            return None
        return (
            self._cgroup.major_faults() if (self._cgroup.used() or 0) >= self._full_bytes else None
        )
