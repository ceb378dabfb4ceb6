"""Reads the counters of the sandbox from cgroup v1 or v2, if it is visible inside."""

import contextlib
import os
import resource

CGROUP_V1 = "/sys/fs/cgroup/memory/memory."
CGROUP_V2 = "/sys/fs/cgroup/memory."


class Cgroup:
    """Counters of all processes in the sandbox.

    Attributes:
        kind: "cgroup v1", "cgroup v2", or "" when there is none.
    """

    def __init__(self, contained: bool) -> None:
        self.kind = ""
        # What is read while a program runs is taken from its cpu time: files stay open, and are
        # opened while nobody waits.
        self._files: dict[str, int] = {}
        if contained and self._read(CGROUP_V1 + "max_usage_in_bytes") is not None:
            self.kind = "cgroup v1"
        elif contained and self._read(CGROUP_V2 + "peak") is not None:
            self.kind = "cgroup v2"
        for counter in (self.peak, self.limit, self.used, self.oom_kills, self.cpu):
            counter()

    def peak(self) -> int:
        """Peak memory so far, in bytes; 0 when unknown."""
        if self.kind == "cgroup v1":
            return self._read(CGROUP_V1 + "max_usage_in_bytes") or 0
        return (self.kind and self._read(CGROUP_V2 + "peak")) or 0

    def limit(self) -> int | None:
        """The memory that the kernel grants the sandbox, in bytes; None when unknown or without."""
        if self.kind == "cgroup v1":
            return self._read(CGROUP_V1 + "limit_in_bytes")
        return self._read(CGROUP_V2 + "max") if self.kind else None

    def used(self) -> int | None:
        """Memory that nothing but its end gives back: anonymous, and in /tmp. None when unknown.

        Unlike the kernel's own count it leaves out copies of files, which go when room is needed.
        """
        if self.kind == "cgroup v1":
            own, files = (self._read(CGROUP_V1 + "stat", name) for name in ("rss", "shmem"))
        elif self.kind:
            own, files = (self._read(CGROUP_V2 + "stat", name) for name in ("anon", "shmem"))
        else:
            return None
        return None if own is None else own + (files or 0)

    def oom_kills(self) -> int:
        """How many processes the kernel has killed for want of memory."""
        if self.kind == "cgroup v1":
            return self._read(CGROUP_V1 + "oom_control", "oom_kill") or 0
        return (self.kind and self._read(CGROUP_V2 + "events", "oom_kill")) or 0

    def major_faults(self) -> int | None:
        """How often something was read back from a file's copy on the disk; None when unknown."""
        if self.kind == "cgroup v1":
            return self._read(CGROUP_V1 + "stat", "pgmajfault")
        return self._read(CGROUP_V2 + "stat", "pgmajfault") if self.kind else None

    def cpu(self) -> float:
        """Cpu seconds so far; without a cgroup, of the children that have been collected."""
        if self.kind == "cgroup v1":
            nanoseconds = self._read("/sys/fs/cgroup/cpuacct/cpuacct.usage")
            if nanoseconds is not None:
                return nanoseconds / 1e9
        elif self.kind:
            microseconds = self._read("/sys/fs/cgroup/cpu.stat", "usage_usec")
            if microseconds is not None:
                return microseconds / 1e6
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    def _read(self, path: str, field: str = "") -> int | None:
        """Read a number from a file that is kept open; see `number_in`."""
        try:
            if path not in self._files:
                self._files[path] = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            return number_in(os.pread(self._files[path], 8192, 0), field)
        except OSError:
            return None


def read_number(path: str, field: str = "") -> int | None:
    """Read a number from a file; see `number_in`. None where there is no file."""
    with contextlib.suppress(OSError), open(path, "rb") as file:
        return number_in(file.read(), field)
    return None


def number_in(data: bytes, field: str = "") -> int | None:
    """The number that some text is, or the one behind a field's name; None where there is none."""
    with contextlib.suppress(ValueError):
        if not field:
            return int(data)
        for line in data.splitlines():
            name, _, value = line.partition(b" ")
            if name == field.encode():
                return int(value.removesuffix(b"kB"))
    return None
