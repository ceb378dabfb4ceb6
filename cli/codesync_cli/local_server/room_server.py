"""The server of `codesync`: a child of the process that watches the screen, not of the screen.

So a crash of the screen ends neither the programs that run in the room nor what is only in memory.
The watching process alone has the writing end of the server's stdin: the server ends when that
process does, whatever ended it.
"""

import asyncio
import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from codesync_cli.local_server.embedded import (
    END_SECONDS,
    READY_SECONDS,
    EmbeddedFailed,
    Links,
    until_ready,
)
from codesync_cli.process import import_path


class RoomServer:
    """A server that runs until the process that started it ends it, or ends.

    Args:
        room: the room of the links.
        arguments: more arguments for `codesync serve`.
        environment: more environment variables, for values that other users must not read.
    """

    def __init__(self, room: str, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        self._command = import_path.command("serve", "--embedded", "--room", room, *arguments)
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._ready_file: IO[bytes] | None = None  # what it said when it was ready; forks share it

    # In the process that watches the screen.

    def start(self) -> int:
        """Start the server unless it runs and is ready; return its process id."""
        if self._process is None or _has_ended(self._process) or not self._ready_line():
            self.end()
            self._ready_file = tempfile.TemporaryFile()  # noqa: SIM115 # it outlives this call
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**import_path.environment(), **self._environment},
                start_new_session=True,  # ctrl+C is for the screen to handle
            )
        return self._process.pid

    def end(self) -> None:
        """End the server; kill it if that takes too long or is interrupted."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        assert process.stdout is not None
        assert self._ready_file is not None
        process.stdin.close()
        self._ready_file.close()
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        except BaseException:
            process.kill()
            raise
        finally:
            process.stdout.close()

    # In the process of the screen, a fork.

    def forked(self) -> None:
        """Leave the server to the process that started it. Call it first in a fork."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.close()

    async def links(self, progress: Callable[[str], None]) -> Links:
        """Wait until the server is ready; return the links of the room.

        Args:
            progress: called with lines about slow steps.

        Raises:
            EmbeddedFailed: the server did not start.
        """
        if line := self._ready_line():
            return Links.of(json.loads(line))
        reader = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(os.dup(self._stdout()), "rb")
        )
        try:
            async with asyncio.timeout(READY_SECONDS):
                ready = await until_ready(reader, progress)
        except TimeoutError:
            raise EmbeddedFailed("the server did not get ready in time") from None
        finally:
            transport.close()
        assert self._ready_file is not None
        os.pwrite(self._ready_file.fileno(), json.dumps(ready).encode() + b"\n", 0)
        return Links.of(ready)

    def _stdout(self) -> int:
        assert self._process is not None
        assert self._process.stdout is not None
        return self._process.stdout.fileno()

    def _ready_line(self) -> bytes:
        """The report of the server when it was ready; empty if no fork has read it yet."""
        if self._ready_file is None:
            return b""
        size = os.fstat(self._ready_file.fileno()).st_size
        line = os.pread(self._ready_file.fileno(), size, 0)
        return line if line.endswith(b"\n") else b""


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether the process has ended, or has only threads that are about to end.

    The kernel reports the end of a process when its last thread has ended. Its first thread is a
    zombie as soon as that one has.
    """
    if process.poll() is not None:
        return True
    state = Path(f"/proc/{process.pid}/stat")
    try:
        return state.read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:  # no /proc
        return False
