"""A real server in a separate process, for benchmarks."""

import asyncio
import json
import re
import sys
import urllib.request
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from codesync_protocol.links import Link

READY_SECONDS = 1800.0


@dataclass(frozen=True, slots=True)
class ServerProcess:
    """A running server.

    Attributes:
        address: its address.
        token: its token, for hosts of any room.
        pid: its process id.
        log: the file with its log.
    """

    address: str
    token: str
    pid: int
    log: Path

    def link(self, room: str = "benchmark") -> Link:
        """A link into a room."""
        return Link(self.address, room, self.token)

    async def stats(self) -> dict[str, Any]:
        """Return the answer of GET /stats."""
        url = self.address.replace("ws://", "http://") + "/stats"

        def fetch() -> dict[str, Any]:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return dict(json.load(answer))

        return await asyncio.to_thread(fetch)

    async def pool_is_full(self) -> None:
        """Wait until the pool is full and nothing runs."""
        async with asyncio.timeout(60):
            while True:
                stats = await self.stats()
                pool = stats["pool"]
                if pool["parked"] >= pool["size"] and stats["active"] == 0:
                    return
                await asyncio.sleep(0.02)


@asynccontextmanager
async def server_process(*arguments: str) -> AsyncGenerator[ServerProcess, None]:
    """Run `codesync serve` during the block.

    Args:
        arguments: more arguments for it.
    """
    with TemporaryDirectory() as folder:
        token_file, log = Path(folder, "token"), Path(folder, "log")
        errors = await asyncio.to_thread(log.open, "wb")
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-P", "-m", "codesync_cli", "serve", "--port=0", f"--token-file={token_file}"),
            f"--store={folder}/rooms.db",
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
        )
        errors.close()
        assert process.stdout is not None
        try:
            async with asyncio.timeout(READY_SECONDS):
                address = await _address(process.stdout, log)
            token = await asyncio.to_thread(token_file.read_text)
            yield ServerProcess(address, token.strip(), process.pid, log)
        finally:
            with suppress(ProcessLookupError):
                process.terminate()
            await process.wait()


async def _address(stdout: asyncio.StreamReader, log: Path) -> str:
    """Read the server's output until it contains its address."""
    said = ""
    while not (found := re.search(r"wss?://\S+:\d+", said)):
        line = await stdout.readline()
        if not line:
            errors = await asyncio.to_thread(log.read_text)
            raise SystemExit(f"the server did not start: {said}{errors[-2000:]}")
        said += line.decode()
    return found[0]
