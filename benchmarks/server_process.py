"""A real server in a process of its own, for benchmarks."""

import asyncio
import json
import sys
import urllib.request
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from codesync_protocol.links import Link

READY_SECONDS = 1800.0


@dataclass(frozen=True, slots=True)
class ServerProcess:
    """A running server.

    Attributes:
        link: lets one in as host.
        pid: its process id.
    """

    link: Link
    pid: int

    async def stats(self) -> dict[str, Any]:
        """Ask for GET /stats."""
        url = self.link.server.replace("ws://", "http://") + "/stats"

        def fetch() -> dict[str, Any]:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return dict(json.load(answer))

        return await asyncio.to_thread(fetch)

    async def pool_is_full(self) -> None:
        """Wait until as many sandboxes are parked as should be, and nothing runs."""
        async with asyncio.timeout(60):
            while True:
                stats = await self.stats()
                pool = stats["pool"]
                if pool["parked"] >= pool["size"] and stats["active"] == 0:
                    return
                await asyncio.sleep(0.02)


@asynccontextmanager
async def server_process(*arguments: str) -> AsyncGenerator[ServerProcess, None]:
    """Run `codesync serve` while the block lasts.

    Args:
        arguments: more arguments for it.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "codesync_cli", "serve", "--embedded", "--port", "0", "--room", "benchmark"),
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        async with asyncio.timeout(READY_SECONDS):
            while True:
                said = json.loads(await process.stdout.readline())
                if said["event"] == "failed":
                    raise SystemExit(said["text"])
                if said["event"] == "ready":
                    break
        yield ServerProcess(Link.parse(said["link"]), process.pid)
    finally:
        process.stdin.close()
        await process.wait()
