"""A container with the restrictions of a sandbox, for examining the kernel from inside."""

from dataclasses import dataclass
from typing import Any

from codesync_server.executors.docker.profile import seccomp_profile

UID = 23456
RUN_SECONDS = 50


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a container ended."""

    status: int
    stdout: str
    stderr: str


@dataclass(frozen=True, slots=True)
class ClosedContainer:
    """Runs one command in a container with a sandbox's flags, and gives what came of it."""

    client: Any
    image: str

    def run(
        self, *command: str, uid: int = UID, seccomp: str | None = None, **config: Any
    ) -> Outcome:
        """Run a command.

        Args:
            command: with its arguments.
            uid: its user.
            seccomp: a profile instead of ours.
            config: parts of the HostConfig that differ.
        """
        host = {
            "network_mode": "none",
            "cap_drop": ["ALL"],
            "security_opt": ["no-new-privileges", f"seccomp={seccomp or seccomp_profile()}"],
            "read_only": True,
            "tmpfs": {"/tmp": "rw,exec,nosuid,nodev,size=64m,nr_inodes=4096,mode=1777"},
            "mem_limit": "256m",
            "memswap_limit": "256m",
            "pids_limit": 64,
        }
        container = self.client.create_container(
            self.image,
            list(command),
            user=f"{uid}:{uid}",
            host_config=self.client.create_host_config(**(host | config)),
        )["Id"]
        try:
            self.client.start(container)
            status = self.client.wait(container, timeout=RUN_SECONDS)["StatusCode"]
            stdout = self.client.logs(container, stdout=True, stderr=False).decode()
            stderr = self.client.logs(container, stdout=False, stderr=True).decode()
        finally:
            self.client.remove_container(container, force=True, v=True)
        return Outcome(status, stdout, stderr)
