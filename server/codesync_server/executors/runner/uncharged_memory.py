"""Limits kernel objects of a program whose memory is not charged to the sandbox.

Under cgroup v1 the kernel charges no buffer of a TCP, UDP or netlink socket to a container; under
either version it charges neither what is written to a pseudo-terminal nor file locks. No ulimit
counts these objects, but each has a largest size (the profile sets net.ipv4.tcp_rmem and tcp_wmem,
and seccomp keeps programs from enlarging buffers). So a limit on their number bounds the memory.
"""

import contextlib
import os

UNCHARGED_MAX = {
    # Both ends, and those that nobody has accepted: 64 KiB in each direction, 32 MiB together.
    "tcp": 256,
    "udp": 64,  # of 208 KiB (net.core.rmem_default): 13 MiB
    "netlink": 32,  # of 208 KiB: 7 MiB
    "terminals": 32,  # of 64 KiB in each direction: 4 MiB; the whole machine has 4,096 of them
    "locks": 1000,  # of 200 bytes
}

UNCHARGED_POLL_SECONDS = 0.1
UNCHARGED_FAST_POLL_SECONDS = 0.02
"""Between two checks of a program that holds more than a tenth of one of these limits."""

LOCKS_CPU_SECONDS = 0.05
"""File locks are counted again once the program has used so much cpu time, enough for 10,000 locks.
To read /proc/locks, the kernel stops all users of locks on the machine, and that takes it from 10
to 80 ms. Meanwhile the runner can do nothing else, such as notice that a program has ended."""

PROTOCOLS = {
    b"TCP": "tcp",
    b"TCPv6": "tcp",
    b"UDP": "udp",
    b"UDPv6": "udp",
    b"NETLINK": "netlink",
}


class UnchargedMemory:
    """Counts of what the processes of the sandbox hold together.

    Args:
        locks: the file that lists file locks, one a line.

    Attributes:
        poll_seconds: seconds between two checks.
    """

    def __init__(self, locks: str = "/proc/locks") -> None:
        # Opened while nobody waits; where a runtime has no such file, nothing is counted.
        self._protocols = _open("/proc/self/net/protocols")
        self._locks = _open(locks)
        self._baseline = {**self._counts(), "locks": self._count_locks()}
        self._locks_held = self._baseline["locks"]
        self._locks_cpu = 0.0  # used by the program when its locks were counted
        self.poll_seconds = UNCHARGED_POLL_SECONDS
        self._next_check = 0.0

    def _counts(self) -> dict[str, int]:
        """Count all but locks."""
        found = dict.fromkeys(UNCHARGED_MAX, 0)
        for line in _read(self._protocols, 64 * 1024).splitlines():
            name, _, rest = line.partition(b" ")
            if name in PROTOCOLS:
                found[PROTOCOLS[name]] += int(rest.split()[1])
        with contextlib.suppress(OSError):
            found["terminals"] = len(os.listdir("/dev/pts"))
        return found

    def _count_locks(self) -> int:
        """Count locks, not much beyond their limit."""
        # No line is longer than 80 bytes.
        return _read(self._locks, UNCHARGED_MAX["locks"] * 80).count(b"\n")

    def exceeded(self, now: float, cpu: float) -> str:
        """Name a kind that the program holds too many of; empty when there is none.

        Args:
            now: monotonic seconds.
            cpu: cpu seconds of the stage so far.
        """
        if now < self._next_check:
            return ""
        if cpu - self._locks_cpu >= LOCKS_CPU_SECONDS or cpu < self._locks_cpu:
            self._locks_cpu, self._locks_held = cpu, self._count_locks()
        counts = {**self._counts(), "locks": self._locks_held}
        self.poll_seconds = UNCHARGED_POLL_SECONDS
        for kind, most in UNCHARGED_MAX.items():
            held = counts[kind] - self._baseline[kind]  # a new network has sockets of the kernel
            if held > most:
                return kind
            if held * 10 > most:
                self.poll_seconds = UNCHARGED_FAST_POLL_SECONDS
        self._next_check = now + self.poll_seconds
        return ""


def _open(path: str) -> int | None:
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None


def _read(file: int | None, most: int) -> bytes:
    """Read a file of /proc, which gives a page at a time, from its beginning."""
    data = b""
    with contextlib.suppress(OSError):
        while file is not None and len(data) < most:
            piece = os.pread(file, most, len(data))
            if not piece:
                break
            data += piece
    return data
