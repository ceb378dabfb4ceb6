"""A private Docker engine, which tests may kill, stop, starve and restart.

It shares nothing with the machine's engine but the kernel: data, state, socket and containerd are
its own. The executor image is copied into it once.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import docker
from docker.errors import APIError, NotFound

START_SECONDS = 30.0
END_SECONDS = 30.0
LOAD_SECONDS = 240
"""How long the engine may be silent while it unpacks an image: 25 s on two cores that are busy."""

NO_ROOM_BYTES, ROOM_BYTES = 4096, 64 * 1024 * 1024
"""Sizes of the file system that containers are described on, full and not."""


class CannotStart(Exception):
    """No engine can be started here; the message says why."""


class PrivateEngine:
    """One dockerd, and what it needs.

    Args:
        folder: everything of it is below; its path must be short, as sockets' paths are.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._data, self._exec = folder / "data", folder / "exec"
        self._containers = self._data / "containers"
        self._process: subprocess.Popen[bytes] | None = None
        self._flags: tuple[str, ...] = ()

    @property
    def socket(self) -> Path:
        """The socket that it listens on."""
        return self._folder / "docker.sock"

    @property
    def url(self) -> str:
        """The same as DOCKER_HOST has it."""
        return f"unix://{self.socket}"

    @property
    def log(self) -> str:
        """The last it said."""
        return (self._folder / "log").read_text(errors="replace")[-2000:]

    def client(self, timeout: int = 30) -> Any:
        """A client of it; the caller closes it."""
        return docker.APIClient(self.url, version="auto", timeout=timeout)

    # Its life.

    def start(self, *flags: str) -> None:
        """Start it, and wait until it answers.

        Raises:
            CannotStart: it does not.
        """
        if os.geteuid() != 0:
            raise CannotStart("an engine of one's own needs root")
        if shutil.which("dockerd") is None:
            raise CannotStart("dockerd is not installed")
        self._prepare()
        self._flags = flags
        command = [
            "dockerd",
            "--iptables=false",
            "--bridge=none",
            "--shutdown-timeout=2",
            f"--data-root={self._data}",
            f"--exec-root={self._exec}",
            f"--pidfile={self._folder / 'pid'}",
            f"--host={self.url}",
            *flags,
        ]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        _wait_for(lambda: self.answers or self.is_dead, START_SECONDS)
        if not self.answers:
            raise CannotStart(f"dockerd does not come up: {self.log}")

    def _prepare(self) -> None:
        self._containers.mkdir(parents=True, exist_ok=True)
        (self._folder / "pid").unlink(missing_ok=True)
        # containerd dies with its dockerd. Where nobody reaps orphans it stays as a zombie, which
        # the next dockerd takes for a living one: it waits for it, and gives up.
        for name in ("containerd.pid", "containerd.sock", "containerd.sock.ttrpc"):
            (self._exec / "containerd" / name).unlink(missing_ok=True)

    @property
    def is_dead(self) -> bool:
        """Whether its process has ended."""
        return self._process is None or self._process.poll() is not None

    @property
    def answers(self) -> bool:
        """Whether it answers now."""
        with suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(5.0)
            probe.connect(str(self.socket))
            probe.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
            return b" 200 " in probe.recv(100)
        return False

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    def wait_for_end(self) -> None:
        """Wait until its process has ended."""
        assert self._process is not None
        self._process.wait(END_SECONDS)

    def kill(self) -> None:
        """Kill it; its containers go on, until the next one is started."""
        containerd = self.containerd()
        self.signal(signal.SIGKILL)
        self.wait_for_end()
        _wait_for(lambda: _is_dead(containerd), END_SECONDS)

    def containerd(self) -> int:
        """The process id of its containerd."""
        return int((self._exec / "containerd" / "containerd.pid").read_text())

    def shims(self) -> dict[str, int]:
        """Its containers' shims: container id to process id."""
        found: dict[str, int] = {}
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                words = (folder / "cmdline").read_text().split("\0")
                if "shim" in words[0] and any(str(self._exec) in word for word in words):
                    found[words[words.index("-id") + 1]] = int(folder.name)
        return found

    def _end_shims(self) -> None:
        for pid in self.shims().values():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    # What is in it.

    def load(self, source: docker.APIClient, name: str) -> None:
        """Copy an image from another engine."""
        exported: Any = source
        client = self.client(LOAD_SECONDS)
        try:
            client.load_image(exported.get_image(name))
        finally:
            client.close()

    def clean(self) -> None:
        """Make it run as at first, without containers, and with its image."""
        if not self.is_dead:
            self.signal(signal.SIGCONT)
            if self._flags:
                self.kill()
        if self.is_dead:
            self._end_shims()  # else the next one waits for programs that do not mind SIGTERM
            self.start()
        self.free()
        self.remove_containers()
        if os.path.ismount(self._containers):
            _run("umount", self._containers)

    def remove_containers(self) -> None:
        """Remove all containers, running or not."""
        client = self.client()
        try:
            for each in client.containers(all=True):
                with suppress(APIError):
                    client.remove_container(each["Id"], force=True)
        finally:
            client.close()

    def images_in_use(self) -> list[str]:
        """The ids of the images that containers were made from, one a container."""
        client = self.client()
        try:
            return [str(each["ImageID"]) for each in client.containers(all=True)]
        finally:
            client.close()

    def containers(self) -> set[str]:
        """The ids of all containers that it knows."""
        client = self.client()
        try:
            return {str(each["Id"]) for each in client.containers(all=True)}
        finally:
            client.close()

    def move_image(self, name: str, to: str) -> None:
        """Call an image by another name; nothing happens when it is not there."""
        client = self.client()
        try:
            repository, tag = to.split(":")
            with suppress(NotFound):
                client.tag(name, repository, tag)
                client.remove_image(name)
        finally:
            client.close()

    def remove_image(self, name: str) -> None:
        """Remove an image that nothing else is called by."""
        client = self.client()
        try:
            client.remove_image(name)
        finally:
            client.close()

    def derive_image(self, base: str, name: str, label: str) -> str:
        """Make another image of one, with another label; give its id."""
        client = self.client()
        try:
            container = client.create_container(base, ["true"])
            repository, tag = name.split(":")
            client.commit(container, repository, tag, changes=[f"LABEL {label}"])
            client.remove_container(container)
            return str(client.inspect_image(name)["Id"])
        finally:
            client.close()

    # Its disk.

    @property
    def written(self) -> int:
        """Bytes that containers' descriptions and logs take up."""
        return sum(path.stat().st_size for path in self._containers.rglob("*") if path.is_file())

    def fill(self) -> None:
        """Leave no room for another container; there must be none."""
        _run("mount", "-t", "tmpfs", "-o", f"size={NO_ROOM_BYTES}", "no-room", self._containers)

    def free(self) -> None:
        """Give the room back."""
        if os.path.ismount(self._containers):
            _run("mount", "-o", f"remount,size={ROOM_BYTES}", self._containers)

    def remove(self) -> None:
        """End it, with everything that it has made."""
        with suppress(CannotStart):
            self.clean()
        if not self.is_dead:
            self.signal(signal.SIGTERM)
            try:
                self.wait_for_end()
            except subprocess.TimeoutExpired:
                self.kill()
        self._end_shims()
        mounts = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
        for mount in reversed(mounts):
            if Path(mount).is_relative_to(self._folder):
                _run("umount", "-l", mount)
        shutil.rmtree(self._folder, ignore_errors=True)


def _is_dead(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def _run(*command: object) -> None:
    try:
        subprocess.run([str(word) for word in command], check=True, capture_output=True)
    except subprocess.CalledProcessError as error:
        raise CannotStart(error.stderr.decode(errors="replace")) from None


def _wait_for(is_so: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.05)
