"""The compiler has its own cpu share, and the program has that of the sandbox."""

from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import replace

import docker
import pytest
from docker.errors import NotFound

from codesync_client import Submission
from codesync_protocol.verdict import Verdict
from codesync_server.configuration.limits import COMPILE, RUN, JobLimits
from codesync_server.configuration.settings import Settings
from codesync_server.executors.docker.profile import SandboxProfile
from tests.programs import outcome, python, submit_and_wait
from tests.sandbox.engine_view import EngineView
from tests.servers import RunningServer, running_server
from tests.waiting import eventually

pytestmark = pytest.mark.docker

COMPILE_CPUS, RUN_CPUS = 0.9, 0.4

WALL_SECONDS = 60.0  # The slowest machine took 15 to compile it.

SETTINGS = Settings(
    port=0,
    executor="docker",
    limits=JobLimits(
        compile=replace(COMPILE, wall=WALL_SECONDS, cpu=WALL_SECONDS),
        run=replace(RUN, wall=WALL_SECONDS, cpu=WALL_SECONDS),
    ),
    pool_size=1,
    drain_seconds=1.0,
    cpus=RUN_CPUS,
    compile_cpus=COMPILE_CPUS,
)
QUOTA_FILES = ("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "/sys/fs/cgroup/cpu.max")  # v1, v2

# Headers that take a compiler a while; then it waits until its share is the program's.
PROGRAM = """
#include <iostream>
#include <fstream>
#include <regex>
#include <string>

int main() {
    std::string running;
    while (running != "WANTED") std::ifstream("QUOTA") >> running;
    std::cout << std::regex_replace(running, std::regex("x"), "y") << "\\n";
}
"""


@pytest.fixture
async def server(executor_image: str) -> AsyncGenerator[RunningServer, None]:
    async with running_server(SETTINGS) as running:
        yield running


async def quota_file(server: RunningServer) -> str:
    """Which of the files a sandbox has here."""
    look = f"import os; print(*filter(os.path.exists, {QUOTA_FILES}))"
    async with server.room() as room:
        ended = await submit_and_wait(room, python(look))
    return ended.stdout.decode().split()[0]


def quota(cpus: float) -> int:
    """Microseconds of a period that a share stands for."""
    return replace(SandboxProfile(), cpus=cpus).cpu_quota


async def test_the_compiler_has_its_share_and_the_program_then_its_own(
    server: RunningServer, docker_client: docker.APIClient
) -> None:
    engine = EngineView(docker_client)
    source = PROGRAM.replace("QUOTA", await quota_file(server))
    source = source.replace("WANTED", str(quota(RUN_CPUS)))
    async with server.room() as room:
        submission = Submission("cpp", [("main.cpp", source.encode())])
        room.follow(submission.job)
        await room.submit(submission)
        await eventually(lambda: quota(COMPILE_CPUS) in quotas(engine))
        ended = await outcome(room, submission.job)
    assert ended.result.verdict is Verdict.OK, ended
    assert ended.stdout.decode().split() == [str(quota(RUN_CPUS))]


def quotas(engine: EngineView) -> set[int]:
    """The quotas that our containers have, as the engine knows them."""
    found: set[int] = set()
    for container in engine.containers():
        with suppress(NotFound):
            found.add(engine.inspect(container)["HostConfig"]["CpuQuota"])
    return found


async def test_what_needs_no_compiler_has_its_share_from_the_start(server: RunningServer) -> None:
    path = await quota_file(server)
    async with server.room() as room:
        ended = await submit_and_wait(room, python(f"print(open({path!r}).read())"))
    assert ended.stdout.decode().split()[0] == str(quota(RUN_CPUS))
