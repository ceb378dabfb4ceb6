"""Containers are used once and removed, also after a crash, and others are left alone."""

import asyncio
import json
import re
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.errors import NotFound

from codesync_client import JobOutput
from codesync_protocol.verdict import Verdict
from codesync_server.configuration.limits import RUN, JobLimits
from codesync_server.configuration.settings import Settings
from codesync_server.executors.docker.owner import EXPIRES_LABEL, LABEL, OWNER_LABEL, Owner
from codesync_server.executors.session import Session
from tests.cli.command import command, environment
from tests.programs import outcome, python, until
from tests.sandbox.engine_view import EngineView, owner_of
from tests.sandbox.sandboxes import (
    Heard,
    acquire,
    python_spec,
    run_in,
    run_on,
    running_executor,
)
from tests.servers import running_server
from tests.waiting import eventually

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300, func_only=True)]

HELLO = python_spec("print('hello')")
FLOOD = "import os\nwhile True: os.write(1, b'x' * 65536)"


@pytest.fixture
def engine(docker_client: docker.APIClient) -> EngineView:
    return EngineView(docker_client)


# An executor that closes.


async def test_a_closed_executor_leaves_no_container(
    executor_image: str, engine: EngineView
) -> None:
    with engine.watched() as story:
        async with running_executor(executor_image, pool_size=2) as executor:
            await run_on(executor, HELLO)
            await eventually(lambda: executor.pool.parked == 2)
            in_use = await acquire(executor)
            await in_use.destroy(reported=False)
    assert len(story.containers) >= 3
    assert all(engine.is_gone(container) for container in story.containers)


async def test_an_executor_that_closes_while_it_starts_leaves_no_container(
    executor_image: str, engine: EngineView
) -> None:
    with engine.watched() as story:
        async with running_executor(executor_image, pool_size=3):
            await eventually(engine.containers)
    assert story.containers
    assert all(engine.is_gone(container) for container in story.containers)


# A server that is killed.


@dataclass(frozen=True, slots=True)
class Served:
    """A running `codesync serve`."""

    process: subprocess.Popen[str]
    address: str
    owner: Owner


@contextmanager
def served(home: Path) -> Generator[Served]:
    with subprocess.Popen(
        command("serve", "--port=0", "--executor=docker", "--pool-size=1"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment(home),
    ) as process:
        try:
            assert process.stdout is not None
            greeting = ""
            while "invite" not in greeting:
                line = process.stdout.readline()
                assert line, greeting
                greeting += line
            found = re.search(r"ws://127\.0\.0\.1:\d+", greeting)
            assert found
            yield Served(process, found[0], owner_of(process.pid))
        finally:
            process.kill()


@contextmanager
def running_client(home: Path, *arguments: str) -> Generator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        command("run", *arguments),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment(home),
    ) as process:
        yield process
        process.kill()


async def test_what_a_killed_server_leaves_ends_by_itself_and_the_next_one_removes_it(
    tmp_path: Path, executor_image: str, docker_client: docker.APIClient
) -> None:
    program = tmp_path / "main.py"
    program.write_text("print('on', flush=True)\nwhile True: pass")
    with served(tmp_path) as server:
        engine = EngineView(docker_client, server.owner)
        with engine.watched() as story:
            with running_client(tmp_path, str(program), f"--server={server.address}") as client:
                assert client.stdout is not None
                assert await asyncio.to_thread(client.stdout.readline) == b"on\n"
                await eventually(lambda: sum(map(engine.is_running, engine.containers())) == 2)
                left = engine.containers()
                server.process.kill()
            await eventually(lambda: not any(map(engine.is_running, left)))
    for container in left:
        assert "die" in story.of(container)
        assert "kill" not in story.of(container)
    async with running_executor(executor_image, pool_size=0):
        assert all(engine.is_gone(container) for container in left)


# What is swept at a start, and what is not.


@pytest.fixture
def other_server() -> Iterator[Owner]:
    """A process that lives, and could be a server."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield owner_of(process.pid)
        process.kill()


@pytest.fixture
async def make(executor_image: str, docker_client: docker.APIClient) -> AsyncGenerator[Any, None]:
    """Makes containers that say they are somebody's."""
    client: Any = docker_client
    made: list[str] = []

    def create(owner: Owner, *, expires_in: float) -> str:
        labels = {
            LABEL: "1",
            OWNER_LABEL: str(owner),
            EXPIRES_LABEL: str(int(time.time() + expires_in)),
        }
        container = client.create_container(
            executor_image, ["sleep", "60"], labels=labels, network_disabled=True
        )
        client.start(container["Id"])
        made.append(container["Id"])
        return str(container["Id"])

    yield create
    for container in made:
        with suppress(NotFound):
            client.remove_container(container, force=True)


async def test_what_another_living_server_needs_is_not_swept(
    executor_image: str, other_server: Owner, make: Any, engine: EngineView
) -> None:
    container = make(other_server, expires_in=600)
    async with running_executor(executor_image, pool_size=0):
        assert engine.is_running(container)


async def test_what_is_past_its_time_is_swept_whoever_owns_it(
    executor_image: str, other_server: Owner, make: Any, engine: EngineView
) -> None:
    container = make(other_server, expires_in=-1)
    async with running_executor(executor_image, pool_size=0):
        assert engine.is_gone(container)


async def test_what_belongs_to_another_machine_is_swept_only_past_its_time(
    executor_image: str, other_server: Owner, make: Any, engine: EngineView
) -> None:
    elsewhere = replace(other_server, machine="another-machine")
    fresh, stale = make(elsewhere, expires_in=600), make(elsewhere, expires_in=-1)
    async with running_executor(executor_image, pool_size=0):
        assert engine.is_running(fresh)
        assert engine.is_gone(stale)


async def test_servers_that_start_at_once_do_not_stumble_over_each_others_sweep(
    executor_image: str, other_server: Owner, make: Any, engine: EngineView
) -> None:
    gone = replace(other_server, started=other_server.started - 1)
    left = [make(gone, expires_in=600) for _ in range(3)]

    async def start() -> None:
        async with running_executor(executor_image, pool_size=0):
            pass

    async with asyncio.TaskGroup() as tasks:
        for _ in range(3):
            tasks.create_task(start())
    assert all(engine.is_gone(container) for container in left)


# The pool.


async def test_a_container_that_died_in_the_pool_is_not_handed_out(
    executor_image: str, docker_client: docker.APIClient, engine: EngineView
) -> None:
    client: Any = docker_client
    async with running_executor(executor_image, pool_size=2) as executor:
        await eventually(lambda: executor.pool.parked == 2)
        removed, killed = engine.containers()
        await asyncio.to_thread(client.remove_container, removed, force=True)
        await asyncio.to_thread(client.kill, killed)
        sandbox = await acquire(executor)
        assert sandbox.container not in (removed, killed)
        result, heard = await run_in(sandbox, HELLO)
        assert (result.verdict, heard.stdout) == (Verdict.OK, b"hello\n")
        await eventually(lambda: engine.is_gone(killed))
        await eventually(lambda: executor.pool.parked == 2)


async def test_a_container_that_dies_under_a_job_is_an_internal_error(
    executor_image: str, docker_client: docker.APIClient, engine: EngineView
) -> None:
    client: Any = docker_client
    async with running_executor(executor_image) as executor:
        sandbox = await acquire(executor)
        heard = Heard()
        spec = python_spec("print('on', flush=True)\nwhile True: pass")
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(Session(sandbox, spec, heard).run())
            await heard.wrote_something.wait()
            await asyncio.to_thread(client.kill, sandbox.container)
        assert running.result().verdict is Verdict.INTERNAL_ERROR
        assert "exit code 137" in running.result().explanation
        await sandbox.destroy(reported=False)
        assert engine.is_gone(sandbox.container)


SURROUNDINGS = """
import json, os, resource
limits = {name: resource.getrlimit(getattr(resource, name))
          for name in dir(resource) if name.startswith("RLIMIT_")}
uid = str(os.getuid())
mounts = sorted(line.split(" - ")[1].replace(uid, "UID") for line in open("/proc/self/mountinfo")
          if " - tmpfs " in line)
status = [line for line in open("/proc/self/status")
          if line.startswith(("Cap", "NoNewPrivs", "Seccomp", "Cpus_allowed"))]
counters = ("memory/memory.limit_in_bytes", "cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us",
            "pids/pids.max", "memory.max", "cpu.max", "pids.max")
quotas = {name: open("/sys/fs/cgroup/" + name).read() for name in counters
          if os.path.exists("/sys/fs/cgroup/" + name)}
print(json.dumps([dict(os.environ), os.getcwd(), os.listdir("/tmp"), os.listdir("."), limits,
                  mounts, status, quotas, len([p for p in os.listdir("/proc") if p.isdigit()]),
                  open("/proc/1/cmdline").read(), os.stat(".").st_mode, os.umask(0)]))
"""


async def test_a_miss_behaves_as_a_hit(executor_image: str) -> None:
    spec = python_spec(SURROUNDINGS)
    async with running_executor(executor_image, pool_size=1) as executor:
        await eventually(lambda: executor.pool.parked == 1)
        ((_, hit),) = await run_on(executor, spec)
        assert (executor.pool.hits, executor.pool.misses) == (1, 0)
    async with running_executor(executor_image, pool_size=0) as executor:
        ((_, miss),) = await run_on(executor, spec)
        assert (executor.pool.hits, executor.pool.misses) == (0, 1)
    seen = json.loads(hit.stdout)
    assert json.loads(miss.stdout) == seen
    assert seen[2:4] == [["job"], ["main.py"]]


async def test_an_acquire_that_is_given_up_leaks_nothing(
    executor_image: str, engine: EngineView
) -> None:
    with engine.watched() as story:
        async with running_executor(executor_image, pool_size=0) as executor:
            for step in range(12):
                with suppress(TimeoutError):
                    async with asyncio.timeout(step * 0.05):
                        sandbox = await acquire(executor)
                        await asyncio.shield(sandbox.destroy(reported=False))
            ((result, _),) = await run_on(executor, HELLO)
            assert result.verdict is Verdict.OK
            # What came too late is parked for the next job: at most as many as start at once.
            await eventually(lambda: len(engine.containers()) <= 2)
    assert story.containers
    assert all(engine.is_gone(container) for container in story.containers)


# Readers that stall wedge the engine's other calls (moby #41827).


def _is_quiet(engine: EngineView, container: str) -> Callable[[], bool]:
    """Tells whether a container has hardly used any cpu for a while: all pipes are full."""
    since, used = time.monotonic(), engine.cpu_nanoseconds(container)

    def is_quiet() -> bool:
        nonlocal since, used
        passed = time.monotonic() - since
        if passed < 0.3:
            return False
        before, used = used, engine.cpu_nanoseconds(container)
        since += passed
        return (used - before) / 1e9 < 0.1 * passed

    return is_quiet


async def test_a_flood_that_nobody_reads_is_removed_promptly(
    executor_image: str, engine: EngineView
) -> None:
    async with running_executor(executor_image) as executor:
        sandbox = await acquire(executor)
        for frame in python_spec(FLOOD, limits=replace(RUN, wall=60.0)).frames():
            await sandbox.write(frame)
        await sandbox.read()
        await eventually(_is_quiet(engine, sandbox.container))
        began = time.monotonic()
        await sandbox.destroy(reported=False)
        print(f"gone in {time.monotonic() - began:.2f} s")
        assert engine.is_gone(sandbox.container)
        ((result, _),) = await run_on(executor, HELLO)
        assert result.verdict is Verdict.OK


async def test_a_flood_that_is_cancelled_is_removed_promptly(
    executor_image: str, engine: EngineView
) -> None:
    run = replace(RUN, wall=60.0, output=1 << 30)
    settings = Settings(
        port=0, executor="docker", drain_seconds=1.0, pool_size=1, limits=JobLimits(run=run)
    )
    flood = python(FLOOD)
    async with running_server(settings) as server, server.room() as room:
        await eventually(lambda: server.app.executor.pool.parked == 1)
        (container,) = engine.containers()
        await room.submit(flood)
        await until(room, JobOutput)
        room.cancel(flood.job)
        ended = await outcome(room, flood.job)
        began = time.monotonic()
        await eventually(lambda: engine.is_gone(container))
        print(f"gone {time.monotonic() - began:.2f} s after the verdict")
    assert ended.result.verdict is Verdict.CANCELLED
