"""Sandboxes without a server: executors, and one job in one sandbox with its output."""

import asyncio
import sys
from collections import defaultdict
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from codesync_protocol.messages import Stream
from codesync_protocol.verdict import Result
from codesync_server.configuration.limits import RUN, StageLimits
from codesync_server.executors.contract import Executor, Sandbox
from codesync_server.executors.docker.container import DockerSandbox
from codesync_server.executors.docker.engine import Engine
from codesync_server.executors.docker.executor import DockerExecutor
from codesync_server.executors.docker.profile import SandboxProfile
from codesync_server.executors.request import RunSpec, StageSpec
from codesync_server.executors.session import Session


@asynccontextmanager
async def running_executor(
    image: str, *, pool_size: int = 1, profile: SandboxProfile | None = None
) -> AsyncGenerator[DockerExecutor, None]:
    """A Docker executor while the block lasts."""
    executor = DockerExecutor(
        await Engine.connect(), image, profile or SandboxProfile(), pool_size=pool_size
    )
    async with asyncio.TaskGroup() as tasks:
        await executor.start(tasks)
        try:
            yield executor
        finally:
            await executor.close()


async def acquire(executor: DockerExecutor) -> DockerSandbox:
    """Take a sandbox that one may look into; the caller destroys it."""
    sandbox = await executor.acquire()
    assert isinstance(sandbox, DockerSandbox)
    return sandbox


def python_spec(
    source: str,
    *args: bytes,
    limits: StageLimits = RUN,
    stdin: bytes = b"",
    tty: bool = False,
    interpreter: str = "python3",
    env: dict[str, str] | None = None,
) -> RunSpec:
    """A Python program as a sandbox sees it."""
    return RunSpec(
        files=[("main.py", source.encode())],
        stages=[StageSpec("run", [interpreter.encode(), b"main.py", *args], limits)],
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "{home}", **(env or {})},
        prepared_stdin=stdin,
        tty=tty,
    )


OWN_PYTHON = sys.executable


@dataclass(slots=True)
class Heard:
    """Listens to a job, and keeps what it says."""

    output: dict[Stream, bytes] = field(default_factory=lambda: defaultdict(bytes))
    stages: list[str] = field(default_factory=list[str])
    taken: int = 0
    waits: list[bool] = field(default_factory=list[bool])
    activities: list[tuple[bool, int]] = field(default_factory=list[tuple[bool, int]])
    wrote_something: asyncio.Event = field(default_factory=asyncio.Event)

    def stage_began(self, name: str) -> None:
        self.stages.append(name)

    def wrote(self, stream: Stream, data: bytes) -> None:
        self.output[stream] += data
        self.wrote_something.set()

    def stdin_taken(self, total: int) -> None:
        self.taken = total

    def awaits_input(self, waits: bool) -> None:
        self.waits.append(waits)

    def activity(self, computes: bool, memory: int) -> None:
        self.activities.append((computes, memory))

    @property
    def stdout(self) -> bytes:
        return self.output[Stream.STDOUT]

    @property
    def stderr(self) -> bytes:
        return self.output[Stream.STDERR]


async def run_in(sandbox: Sandbox, spec: RunSpec) -> tuple[Result, Heard]:
    """Run a job in a sandbox, stdin closed behind what was prepared, and destroy the sandbox."""
    heard = Heard()
    session = Session(sandbox, spec, heard)
    session.end_stdin()
    reported = False
    try:
        result = await session.run()
        reported = bool(result.stages)
    finally:
        await sandbox.destroy(reported=reported)
    return result, heard


async def run_on(executor: Executor, *specs: RunSpec) -> Sequence[tuple[Result, Heard]]:
    """Run jobs one after the other, each in a sandbox of its own."""
    return [await run_in(await executor.acquire(), spec) for spec in specs]
