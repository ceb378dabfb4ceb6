"""`codesync serve` as a process that a test kills and restarts at the same address."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from pathlib import Path

from codesync_cli.commands.room import free_port
from codesync_protocol.links import Link
from codesync_protocol.messages import Role
from codesync_server.access.invites import InviteSigner

START_SECONDS = 60.0
STOP_SECONDS = 60.0


class MortalServer:
    """A server that can be killed, and started again on what it left.

    Args:
        folder: for its token, and its store if it is a file.
        store: the --store.
        arguments: more arguments for `codesync serve`.
        open_files: its limit on open files, soft and hard; None: that of the tests.
    """

    def __init__(
        self, folder: Path, store: str, *arguments: str, open_files: int | None = None
    ) -> None:
        self._limit = () if open_files is None else _with_open_files(open_files)
        self._token_file = folder / "token"
        self._log = folder / "log"
        self._store = store
        self._arguments = arguments
        self._port = free_port(0)
        self._process: Process | None = None

    async def start(self) -> None:
        """Start it, and wait until it listens."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._limit,
                *(sys.executable, "-P", "-m", "codesync_cli", "serve"),
                *(f"--port={self._port}", f"--store={self._store}"),
                f"--token-file={self._token_file}",
                *self._arguments,
                stdin=DEVNULL,
                stdout=PIPE,
                stderr=log,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
        assert self._process.stdout
        async with asyncio.timeout(START_SECONDS):
            while line := await self._process.stdout.readline():
                if line.lstrip().startswith((b"join with", b"invite somebody")):
                    return
                if b"ws://" in line:
                    self._port = int(line.rpartition(b":")[2])
        raise AssertionError(f"the server did not start:\n{self._log.read_text()[-2000:]}")

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._port

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process
        return self._process.pid

    def link(self, room: str) -> Link:
        """A link into a room, as host."""
        return Link(f"ws://127.0.0.1:{self._port}", room, self._token_file.read_text().strip())

    def invite(self, room: str) -> Link:
        """A link for others, as editors."""
        signer = InviteSigner(self._token_file.read_text().strip())
        return Link(f"ws://127.0.0.1:{self._port}", room, signer.invite(room, Role.EDITOR))

    @property
    def log(self) -> str:
        """What it has written to stderr in all its lives."""
        return self._log.read_text()

    def tell(self, number: signal.Signals) -> None:
        """Send it a signal, and go on."""
        assert self._process
        self._process.send_signal(number)

    async def kill(self) -> None:
        """Kill it: it does nothing any more."""
        await self._end(signal.SIGKILL)

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end, and wait for that.

        Returns:
            Its exit status.
        """
        return await self._end(number)

    async def _end(self, number: signal.Signals) -> int:
        assert self._process
        with suppress(ProcessLookupError):
            self._process.send_signal(number)
        async with asyncio.timeout(STOP_SECONDS):
            return await self._process.wait()


def _with_open_files(count: int) -> tuple[str, ...]:
    return "sh", "-c", f'ulimit -n {count}; exec "$@"', "sh"
