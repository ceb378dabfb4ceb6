"""The profile of every sandbox container.

A test holds a pooled container's `inspect` against it; its hash is a label of the container.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cache
from importlib import resources
from typing import Any

from docker.types import HostConfig, LogConfig, Ulimit

MIB = 1 << 20

SYSCTLS = {
    # Of the container's own network namespace. Under cgroup v1 no buffer of a TCP socket is charged
    # to the container (H17): these are as large as one gets, and the runner limits their number.
    "net.ipv4.tcp_rmem": "4096 65536 65536",
    "net.ipv4.tcp_wmem": "4096 16384 65536",
    "net.ipv4.tcp_max_tw_buckets": "1024",
    "net.core.somaxconn": "128",
}


@cache
def seccomp_profile() -> str:
    """Read our own seccomp profile as the JSON that Docker takes inline."""
    folder = resources.files("codesync_server.executors.docker")
    return json.dumps(
        json.loads(folder.joinpath("seccomp.json").read_text()), separators=(",", ":")
    )


@dataclass(frozen=True, slots=True)
class SandboxProfile:
    """What a sandbox may use. Sizes in bytes.

    Attributes:
        memory: memory of all processes, /tmp and /dev/shm included; there is no swap.
        cpus: share of one cpu's time.
        processes: processes and threads at once, the runner included.
        tmp: size of /tmp.
        tmp_files: how many files /tmp holds.
        shared_memory: size of /dev/shm.
        open_files: hard limit of descriptors; the runner sets lower ones.
        runtime: Docker's name of an OCI runtime (runsc, crun, kata); empty for its default.
    """

    memory: int = 256 * MIB
    cpus: float = 0.5
    processes: int = 64
    tmp: int = 64 * MIB
    tmp_files: int = 4096
    shared_memory: int = 16 * MIB
    open_files: int = 512
    runtime: str = ""

    # A short period: with Docker's 100 ms a program freezes for 50 ms at a time.
    CPU_PERIOD_MICROSECONDS = 20_000

    @property
    def fingerprint(self) -> str:
        """Twelve hex digits that change with any part of the profile, seccomp included."""
        parts = json.dumps([asdict(self), SYSCTLS, seccomp_profile()], sort_keys=True)
        return hashlib.sha256(parts.encode()).hexdigest()[:12]

    @property
    def cpu_quota(self) -> int:
        """Microseconds of cpu time in each period."""
        return round(self.cpus * self.CPU_PERIOD_MICROSECONDS)

    def host_config(self, uid: int) -> dict[str, Any]:
        """Docker's HostConfig for a container.

        Args:
            uid: the user of this container alone; /tmp belongs to it.
        """
        owned = f"uid={uid},gid={uid}"
        return HostConfig(
            version="1.41",
            network_mode="none",
            cap_drop=["ALL"],
            security_opt=["no-new-privileges", f"seccomp={seccomp_profile()}"],
            read_only=True,
            tmpfs={
                "/tmp": f"rw,exec,nosuid,nodev,size={self.tmp},nr_inodes={self.tmp_files},"
                f"mode=0700,{owned}",
                "/dev/shm": f"rw,noexec,nosuid,nodev,size={self.shared_memory},nr_inodes=256,"
                f"mode=0700,{owned}",
                # Docker mounts a writable mqueue here; nothing we run needs one.
                "/dev/mqueue": "ro,noexec,nosuid,nodev,size=4096,nr_inodes=1",
            },
            mem_limit=self.memory,
            memswap_limit=self.memory,
            cpu_period=self.CPU_PERIOD_MICROSECONDS,
            cpu_quota=self.cpu_quota,
            pids_limit=self.processes,
            ulimits=[
                Ulimit(name="core", soft=0, hard=0),
                Ulimit(name="nofile", soft=self.open_files, hard=self.open_files),
                Ulimit(name="memlock", soft=0, hard=0),
                Ulimit(name="msgqueue", soft=0, hard=0),
            ],
            sysctls=SYSCTLS,
            # The whole sandbox goes before anything else of the host when the host runs out, and
            # programs, which the runner sets to 1000, go before the runner.
            oom_score_adj=500,
            log_config=LogConfig(type="none"),
            ipc_mode="private",
            privileged=False,
            runtime=self.runtime or None,
        )
