"""The baselines for jobs: the same program alone, and `docker run` for each job."""

import asyncio
import json
import subprocess
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from codesync_server.executors.docker.image import image_tag
from codesync_server.executors.docker.profile import SandboxProfile, seccomp_profile
from codesync_server.languages.language import Language

MEMORY = SandboxProfile().memory

# Writes the program, then runs its commands whenever a line comes, and answers with the seconds
# that each took.
_ALONE = """
import json, os, sys, time
name, source, commands = json.loads(sys.argv[1])
open(name, "w").write(source)
for line in sys.stdin:
    took = []
    for command in commands:
        began = time.monotonic()
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.dup2(write, 1)
            os.execvp(command[0], command)
        os.close(write)
        while os.read(read, 65536):
            pass
        os.close(read)
        os.waitpid(pid, 0)
        took.append(time.monotonic() - began)
    print(json.dumps(took), flush=True)
"""


@dataclass(frozen=True, slots=True)
class Hello:
    """A program that says hello, in one language."""

    language: Language
    source: str

    @property
    def commands(self) -> dict[str, list[str]]:
        """The command of each stage, as in jobs."""
        filled = self.language.commands(self.language.file_name, (), MEMORY)
        return {stage: [part.decode() for part in argv] for stage, argv in filled.items()}


@contextmanager
def docker_run(profile: SandboxProfile) -> Generator[list[str]]:
    """Return the `docker run` command with the limits of sandboxes."""
    period = profile.CPU_PERIOD_MICROSECONDS
    with TemporaryDirectory() as folder:
        seccomp = Path(folder, "seccomp.json")
        seccomp.write_text(seccomp_profile())
        yield [
            *("docker", "run", "--rm", "-i", "--network=none", "--read-only", "--cap-drop=ALL"),
            *("--security-opt=no-new-privileges", f"--security-opt=seccomp={seccomp}"),
            f"--tmpfs=/tmp:rw,exec,nosuid,nodev,size={profile.tmp},mode=1777",
            *(f"--memory={profile.memory}", f"--memory-swap={profile.memory}"),
            *(f"--cpu-period={period}", f"--cpu-quota={round(profile.cpus * period)}"),
            *(f"--pids-limit={profile.processes}", "--log-driver=none", "--user=23456:23456"),
            *("--workdir=/tmp", image_tag()),
        ]


class Alone:
    """A container with the same image and limits, in which a program runs alone and repeatedly."""

    def __init__(self, process: asyncio.subprocess.Process, stages: list[str]) -> None:
        self._process = process
        self._stages = stages

    async def time(self) -> dict[str, float]:
        """Run the program once; return the milliseconds of each stage."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(b"\n")
        took = json.loads(await self._process.stdout.readline())
        return {stage: s * 1000 for stage, s in zip(self._stages, took, strict=True)}


@asynccontextmanager
async def alone(command: list[str], hello: Hello) -> AsyncGenerator[Alone, None]:
    """Keep such a container during the block.

    Args:
        command: of docker_run.
        hello: the program.
    """
    commands = hello.commands
    what = json.dumps([hello.language.file_name, hello.source, list(commands.values())])
    process = await asyncio.create_subprocess_exec(
        *command,
        *("python3", "-c", _ALONE, what),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield Alone(process, list(commands))
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


async def time_docker_run(command: list[str], hello: Hello) -> float:
    """Run an interpreted program with `docker run` once; return the milliseconds."""
    began = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *command,
        *(hello.commands["run"][0], "-"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    said, _ = await process.communicate(hello.source.encode())
    assert said == b"hello\n", said
    return (time.monotonic() - began) * 1000
