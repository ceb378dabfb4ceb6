"""The sandbox's own counters, where the kernel shows them inside it: cgroup v1, v2, or none."""

import contextlib
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
        if contained and read_number(CGROUP_V1 + "max_usage_in_bytes") is not None:
            self.kind = "cgroup v1"
        elif contained and read_number(CGROUP_V2 + "peak") is not None:
            self.kind = "cgroup v2"

    def peak(self) -> int:
        """Peak memory so far, in bytes; 0 when unknown."""
        if self.kind == "cgroup v1":
            return read_number(CGROUP_V1 + "max_usage_in_bytes") or 0
        return (self.kind and read_number(CGROUP_V2 + "peak")) or 0

    def limit(self) -> int | None:
        """The memory that the kernel grants the sandbox, in bytes; None when unknown or without."""
        if self.kind == "cgroup v1":
            return read_number(CGROUP_V1 + "limit_in_bytes")
        return read_number(CGROUP_V2 + "max") if self.kind else None

    def used(self) -> int | None:
        """Memory that nothing but its end gives back: anonymous, and in /tmp. None when unknown.

        Unlike the kernel's own count it leaves out copies of files, which go when room is needed.
        """
        if self.kind == "cgroup v1":
            own, files = (read_number(CGROUP_V1 + "stat", name) for name in ("rss", "shmem"))
        elif self.kind:
            own, files = (read_number(CGROUP_V2 + "stat", name) for name in ("anon", "shmem"))
        else:
            return None
        return None if own is None else own + (files or 0)

    def oom_kills(self) -> int:
        """How many processes the kernel has killed for want of memory."""
        if self.kind == "cgroup v1":
            return read_number(CGROUP_V1 + "oom_control", "oom_kill") or 0
        return (self.kind and read_number(CGROUP_V2 + "events", "oom_kill")) or 0

    def cpu(self) -> float:
        """Cpu seconds so far; without a cgroup, of the children that have been collected."""
        if self.kind == "cgroup v1":
            nanoseconds = read_number("/sys/fs/cgroup/cpuacct/cpuacct.usage")
            if nanoseconds is not None:
                return nanoseconds / 1e9
        elif self.kind:
            microseconds = read_number("/sys/fs/cgroup/cpu.stat", "usage_usec")
            if microseconds is not None:
                return microseconds / 1e6
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime


def read_number(path: str, field: str = "") -> int | None:
    """Read a number from a file, or the one behind a field's name; None where there is none."""
    with contextlib.suppress(OSError, ValueError), open(path) as file:
        if not field:
            return int(file.read())
        for line in file:
            name, _, value = line.partition(" ")
            if name == field:
                return int(value.removesuffix("kB\n"))
    return None
