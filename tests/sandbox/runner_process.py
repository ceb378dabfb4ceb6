"""The runner as a process of this machine, controlled frame by frame."""

import asyncio
import os
import secrets
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections import deque
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from codesync_server.configuration.limits import RUN, StageLimits
from codesync_server.executors.request import RunnerStream, RunSpec, StageSpec, frame
from codesync_server.executors.runner import source
from codesync_server.executors.runner.wire import FromRunner
from codesync_server.executors.runner_report import RunnerReport, StageEvidence, read_report

MARK = "CODESYNC_TEST_MARK"
SECONDS = 60.0


class RunnerProcess:
    """A started runner.

    Attributes:
        process: the process.
        mark: a variable in the environment of everything that it starts.
        output: what the program wrote so far, by kind of frame.
        acknowledged: every number of bytes of stdin that it said were taken.
    """

    def __init__(self, process: Process) -> None:
        self.process = process
        self.mark = secrets.token_hex(8)
        self.output = {FromRunner.STDOUT: b"", FromRunner.STDERR: b"", FromRunner.COMPILER: b""}
        self.acknowledged: list[int] = []
        self._stream = RunnerStream()
        self._frames: deque[tuple[bytes, bytes]] = deque()

    def write(self, data: bytes) -> None:
        """Send bytes."""
        assert self.process.stdin is not None
        self.process.stdin.write(data)

    def send(self, kind: bytes, payload: bytes = b"") -> None:
        """Send a frame."""
        self.write(frame(kind, payload))

    def request(self, spec: RunSpec) -> None:
        """Ask for a job."""
        for each in spec.frames():
            self.write(each)

    def hang_up(self) -> None:
        """Close the connection, as a server does that dies."""
        assert self.process.stdin is not None
        self.process.stdin.close()

    async def frame(self) -> tuple[bytes, bytes]:
        """Wait for the next frame.

        Raises:
            EOFError: the runner ended.
        """
        assert self.process.stdout is not None
        async with asyncio.timeout(SECONDS):
            while not self._frames:
                data = await self.process.stdout.read(1 << 16)
                if not data:
                    raise EOFError
                self._frames.extend(self._stream.feed(data))
        kind, payload = self._frames.popleft()
        if kind in self.output:
            self.output[kind] += payload
        elif kind == FromRunner.STDIN_TAKEN:
            self.acknowledged.append(int.from_bytes(payload, "big"))
        return kind, payload

    async def until(self, kind: bytes) -> bytes:
        """Read frames until one of a kind comes; give its payload."""
        while True:
            got, payload = await self.frame()
            if got == kind:
                return payload

    async def until_output(self, ending: bytes) -> None:
        """Read frames until stdout ends so."""
        while not self.output[FromRunner.STDOUT].endswith(ending):
            await self.frame()

    async def report(self) -> RunnerReport:
        """Read everything up to the report."""
        return read_report(await self.until(FromRunner.REPORT))

    async def evidence(self) -> StageEvidence:
        """Read everything up to the report, which must be of one stage; give that."""
        report = await self.report()
        assert not report.error
        (stage,) = report.stages
        return stage

    def left_over(self) -> set[int]:
        """Find everything that it started and that still lives, whoever is its parent now."""
        return set(_marked(f"{MARK}={self.mark}".encode()))

    def spec(
        self,
        source: str,
        *args: bytes,
        limits: StageLimits = RUN,
        tty: bool = False,
        compiler: tuple[str, StageLimits] | None = None,
    ) -> RunSpec:
        """A Python program, and a compiler that is one too."""
        files = [("main.py", source.encode())]
        stages = [StageSpec("run", [sys.executable.encode(), b"main.py", *args], limits)]
        if compiler is not None:
            files.append(("compiler.py", compiler[0].encode()))
            command = [sys.executable.encode(), b"compiler.py"]
            stages.insert(0, StageSpec("compile", command, compiler[1]))
        env = {"PATH": os.environ["PATH"], "HOME": "{home}", MARK: self.mark}
        return RunSpec(files, stages, env, tty=tty)


def _marked(mark: bytes) -> Iterator[int]:
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                if mark in (folder / "environ").read_bytes().split(b"\0"):
                    yield int(folder.name)


@asynccontextmanager
async def started_runner(folder: Path) -> AsyncGenerator[RunnerProcess, None]:
    """A runner that is parked, in a folder of its own; it and all it started end with the block."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", "-c", await asyncio.to_thread(source)),
        cwd=folder,
        env={"PATH": os.environ["PATH"]},
        stdin=PIPE,
        stdout=PIPE,
        stderr=DEVNULL,
        start_new_session=True,
    )
    runner = RunnerProcess(process)
    try:
        assert (await runner.frame())[0] == FromRunner.READY
        yield runner
    finally:
        runner.hang_up()
        async with asyncio.timeout(SECONDS):
            while await process.stdout.read(1 << 16) if process.stdout else b"":
                pass
            await process.wait()
