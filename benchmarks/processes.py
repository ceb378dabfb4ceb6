"""Resources of processes as the kernel counts them, and child processes that print JSON lines."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
_TICKS = os.sysconf("SC_CLK_TCK")


def resident_mb(pid: int) -> float:
    """Resident memory of a process, in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024 / 1e6


def cpu_seconds(pid: int) -> float:
    """Cpu time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


class Teller:
    """A child process that prints JSON objects, one per line."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.pid = process.pid
        self._process = process

    async def next(self) -> dict[str, Any]:
        """Read the next object.

        Raises:
            SystemExit: the child ended.
        """
        assert self._process.stdout
        line = await self._process.stdout.readline()
        if not line:
            raise SystemExit("a part of the benchmark ended too early")
        return dict(json.loads(line))

    async def quiet(self, key: str, *, rounds: int = 5) -> dict[str, Any]:
        """Wait until a value stops changing."""
        said = await self.next()
        same = 0
        while same < rounds:
            before, said = said, await self.next()
            same = same + 1 if said[key] == before[key] else 0
        return said


@asynccontextmanager
async def teller(module: str, *arguments: str) -> AsyncGenerator[Teller]:
    """Run a module as such a child during the block."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", module, *arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    try:
        yield Teller(process)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
