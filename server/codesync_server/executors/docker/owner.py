"""The owner of a container in its labels, so that only unneeded containers are removed."""

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from codesync_server.process_state import is_known_gone

LABEL = "codesync.sandbox"
MARK = f"{LABEL}=1"
"""What every container of ours is labelled with."""

OWNER_LABEL = "codesync.owner"
EXPIRES_LABEL = "codesync.expires"
"""Seconds since the Unix epoch, for servers on other machines."""

EXPIRES_SINCE_BOOT_LABEL = "codesync.expires-since-boot"
"""Seconds since the machine was started: nobody sets that clock (CLOCK_BOOTTIME, time(7))."""


UNKNOWN = "unknown"
"""Stands in the name of a machine for the part that /proc did not tell."""


@dataclass(frozen=True, slots=True)
class Owner:
    """A server process, named so that another on the same machine can tell whether it lives.

    Attributes:
        machine: boot id and process namespace: process ids mean something only within it.
        pid: process id.
        started: its start time in clock ticks since boot, so that a recycled id is told apart;
            0 when /proc did not tell it.
    """

    machine: str
    pid: int
    started: int

    def __str__(self) -> str:
        """The label's value."""
        return f"{self.machine}/{self.pid}/{self.started}"

    @classmethod
    def parse(cls, text: str) -> "Owner | None":
        """Read a label's value; None when it is not one."""
        machine, _, rest = text.partition("/")
        pid, _, started = rest.partition("/")
        if not (pid.isdecimal() and started.isdecimal()):
            return None
        return cls(machine, int(pid), int(started))

    @property
    def is_known_dead(self) -> bool:
        """Whether its process lived here and has ended.

        Other machines and other pid namespaces are not known, nor is a process whose start time
        /proc hides from us: an unknown owner counts as alive until its containers expire.
        """
        if UNKNOWN in self.machine or self.machine != _machine() or self.started == 0:
            return False
        if is_known_gone(self.pid):
            return True
        started = _start_time(self.pid)
        return started is not None and started != self.started

    @property
    def has_our_boot(self) -> bool:
        """Whether it lives or lived since this machine was started."""
        boot = self.machine.partition(".")[0]
        return boot != UNKNOWN and boot == _machine().partition(".")[0]


@cache
def this_process() -> Owner:
    """The owner that this process is."""
    return Owner(_machine(), os.getpid(), _start_time(os.getpid()) or 0)


def labels(lifetime: float) -> dict[str, str]:
    """Labels for a container of this process.

    Args:
        lifetime: seconds after which it is of no use, even if its owner still lives.
    """
    return {
        LABEL: "1",
        OWNER_LABEL: str(this_process()),
        EXPIRES_LABEL: str(int(time.time() + lifetime)),
        EXPIRES_SINCE_BOOT_LABEL: str(int(_since_boot() + lifetime)),
    }


def is_orphan(container_labels: Mapping[str, str]) -> bool:
    """Tell from a container's labels whether nobody needs it any more.

    One that names no server as its owner is none of ours, whatever else it says of itself.
    """
    owner = Owner.parse(container_labels.get(OWNER_LABEL, ""))
    if owner is None:
        return False
    if owner.is_known_dead:
        return True
    since_boot = container_labels.get(EXPIRES_SINCE_BOOT_LABEL, "")
    if owner.has_our_boot and since_boot.isdecimal():
        return _since_boot() > int(since_boot)
    expires = container_labels.get(EXPIRES_LABEL, "")
    return expires.isdecimal() and time.time() > int(expires)


def _since_boot() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@cache
def _machine() -> str:
    boot = namespace = UNKNOWN
    with suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        namespace = str(os.stat("/proc/self/ns/pid").st_ino)
    return f"{boot}.{namespace}"


def _start_time(pid: int) -> int | None:
    """Field 22 of /proc/PID/stat (proc(5)); None when there is none, or none that we may see."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return int(text.rpartition(")")[2].split()[19])
