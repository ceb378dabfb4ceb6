"""The local executor: the runner as a subprocess of this machine, without protection."""

import asyncio
import getpass
import os
import shutil
import signal
import socket
import sys
import tempfile
from asyncio.subprocess import Process
from collections.abc import Mapping
from contextlib import suppress
from functools import cache

from codesync_protocol.messages import ExecutorInfo
from codesync_server.executors.contract import Executor, ExecutorUnavailable, PostMortem, Sandbox
from codesync_server.executors.runner import source
from codesync_server.executors.runner.wire import FRAME_MAX

END_SECONDS = 2.0
"""How long a runner whose connection was closed may take to kill what it started, and end."""


class LocalSandbox(Sandbox):
    """A runner in a temporary folder of this machine."""

    def __init__(self, process: Process, folder: str) -> None:
        self._process = process
        self._folder = folder
        assert process.stdin is not None
        assert process.stdout is not None
        self._stdin, self._stdout = process.stdin, process.stdout

    async def read(self) -> bytes:
        """Wait for bytes that the runner wrote."""
        return await self._stdout.read(FRAME_MAX)

    async def write(self, data: bytes) -> None:
        """Send bytes to the runner."""
        self._stdin.write(data)
        await self._stdin.drain()

    async def post_mortem(self) -> PostMortem:
        """Say how the runner ended."""
        with suppress(TimeoutError):
            async with asyncio.timeout(END_SECONDS):
                await self._process.wait()
        return PostMortem(memory=False, detail=f"runner's status {self._process.returncode}")

    async def destroy(self, *, reported: bool) -> None:
        """Close the connection, upon which the runner kills what it started; then remove."""
        self._stdin.close()
        try:
            async with asyncio.timeout(END_SECONDS):
                while await self._stdout.read(FRAME_MAX):
                    pass
                await self._process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGKILL)
            await self._process.wait()
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)


@cache
def _where() -> str:
    """Name user and machine; asked once, because a directory service may take long to answer."""
    return f"{getpass.getuser()}@{socket.gethostname()}"


class LocalExecutor(Executor):
    """Runs jobs as this user on this machine, with resource limits and nothing else."""

    @property
    def info(self) -> ExecutorInfo:
        """What members are told: code runs unsandboxed, and where."""
        return ExecutorInfo("local", False, f"code runs unsandboxed as {_where()}")

    @property
    def search_path(self) -> str:
        """The server's own PATH."""
        return os.environ.get("PATH", os.defpath)

    def has_command(self, command: str) -> bool:
        """Tell whether the command is installed."""
        return "/" in command or shutil.which(command) is not None

    @property
    def unlimited(self) -> Mapping[str, str]:
        """The kernel counts no processes of root."""
        if os.geteuid() == 0:
            return {
                "processes": "programs run as root here, whose processes the kernel never limits"
            }
        return {}

    async def start(self, tasks: asyncio.TaskGroup) -> None:
        """Make the runner's text."""
        await asyncio.to_thread(source)  # takes some time, before anybody waits for it

    async def acquire(self, *, patient: bool = False) -> Sandbox:
        """Start a runner in a fresh folder."""
        folder = await asyncio.to_thread(tempfile.mkdtemp, prefix="codesync-")
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-I", "-S", "-c", source()),
                cwd=folder,
                env={"PATH": self.search_path},
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                start_new_session=True,
                limit=FRAME_MAX,
            )
        except OSError as error:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
            raise ExecutorUnavailable(f"cannot start a program on this machine: {error}") from None
        return LocalSandbox(process, folder)

    async def close(self) -> None:
        """Every sandbox belongs to its job; none is left."""
