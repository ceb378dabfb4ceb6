"""Kernel memory that is not charged to a sandbox is bounded (H17)."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from codesync_attacks.attack import PRELUDE, Attack
from codesync_attacks.kernel_memory import HOARDS
from codesync_protocol.verdict import Verdict
from codesync_server.configuration.limits import RUN
from codesync_server.executors.docker.executor import DockerExecutor
from codesync_server.executors.docker.profile import MIB
from codesync_server.executors.judge import UNCHARGED_TITLES
from codesync_server.executors.runner.uncharged_memory import UNCHARGED_MAX
from tests.sandbox.sandboxes import acquire, python_spec, run_in, run_on, running_executor

pytestmark = [
    pytest.mark.docker,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(300, func_only=True),
]

BOUND = 192 * MIB
"""The limits of all kinds come to 60 MiB; the rest is for what is held before the runner looks. A
program of version 0.1 held 1,300 MiB of TCP, 1,500 of UDP, 1,300 of netlink, 700 of terminals."""

PATIENT = replace(RUN, wall=60.0)

MEASUREMENTS = 4
"""Other processes of the machine take memory meanwhile: the least of several is the program's."""

UNCHARGED_HOARDS = [
    hoard
    for hoard in HOARDS
    if hoard.name.startswith(
        ("a07_full_tcp", "a07_full_udp", "a07_full_netlink", "a07_full_pseudo")
    )
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def executor(executor_image: str) -> AsyncGenerator[DockerExecutor, None]:
    """An executor with the default profile."""
    async with running_executor(executor_image) as running:
        yield running


def available() -> int:
    """Memory that the machine has left, in bytes."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    fields = dict(line.split(":") for line in lines)
    return int(fields["MemAvailable"].split()[0]) * 1024


def charged(container: str) -> int:
    """Memory that is charged to a container, in bytes; 0 when it is gone."""
    for place in (
        f"memory/docker/{container}/memory.usage_in_bytes",
        f"docker/{container}/memory.current",
        f"system.slice/docker-{container}.scope/memory.current",
    ):
        with suppress(OSError):
            return int(Path("/sys/fs/cgroup", place).read_text())
    return 0


async def most_uncharged(executor: DockerExecutor, attack: Attack) -> int:
    """Run a program; give the most that the machine lost beyond what was charged to it."""
    sandbox = await acquire(executor)
    before, most = available(), 0
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(
            run_in(sandbox, python_spec(PRELUDE + attack.source, limits=PATIENT))
        )
        while not running.done():
            lost = await asyncio.to_thread(available)
            most = max(most, before - lost - await asyncio.to_thread(charged, sandbox.container))
            await asyncio.sleep(0.02)
    result, _ = running.result()
    assert result.verdict is Verdict.MEMORY_LIMIT, result
    assert "kernel does not count" in result.explanation
    return most


@pytest.mark.parametrize("attack", UNCHARGED_HOARDS, ids=lambda attack: attack.name)
async def test_h17_what_is_not_charged_is_bounded(attack: Attack, executor: DockerExecutor) -> None:
    found: list[int] = []
    while len(found) < MEASUREMENTS and min(found, default=BOUND) >= BOUND:
        found.append(await most_uncharged(executor, attack))
    print(attack.name, [amount // MIB for amount in found], "MiB")
    assert min(found) < BOUND


async def test_h17_each_kind_is_limited_and_named(executor: DockerExecutor) -> None:
    assert set(UNCHARGED_TITLES) == set(UNCHARGED_MAX)
    one_process = {
        "netlink": "held = [socket.socket(16, socket.SOCK_RAW, 0) for _ in range(50)]",
        "terminals": "held = [os.openpty() for _ in range(50)]",
        "udp": "held = [socket.socket(2, socket.SOCK_DGRAM) for _ in range(80)]\n"
        "for each in held: each.bind(('127.0.0.1', 0))",
    }
    for kind, hoard in one_process.items():
        program = python_spec(f"import os, socket, time\n{hoard}\ntime.sleep(60)", limits=PATIENT)
        ((result, _),) = await run_on(executor, program)
        assert result.verdict is Verdict.MEMORY_LIMIT, (kind, result)
        assert f"{UNCHARGED_MAX[kind]} {UNCHARGED_TITLES[kind]}" in result.explanation


SERVER_WITH_A_HUNDRED_CLIENTS = """
import asyncio, multiprocessing, sqlite3

async def echo(reader, writer):
    writer.write(await reader.readline())
    await writer.drain()
    writer.close()

async def ask(port, number):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"%d\\n" % number)
    answer = await reader.readline()
    writer.close()
    await writer.wait_closed()
    return int(answer)

async def main():
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    answers = await asyncio.gather(*(ask(port, number) for number in range(100)))
    print(sum(answers))
    server.close()

    large = bytes(1 << 22)
    async def sink(reader, writer):
        got = len(await reader.read(-1))
        writer.write(b"%d" % got)
        writer.close()
    server = await asyncio.start_server(sink, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.write(large)
    writer.write_eof()
    print(int(await reader.read()))
    writer.close()

asyncio.run(main())
with sqlite3.connect("file.db") as database:
    database.execute("create table t (x)")
    database.execute("insert into t values (7)")
    print(database.execute("select x from t").fetchall())
with multiprocessing.Manager() as manager:
    shared = manager.list(range(3))
    shared.append(3)
    print(list(shared))
"""


async def test_h17_ordinary_servers_and_databases_work_within_the_bounds(
    executor: DockerExecutor,
) -> None:
    ((result, heard),) = await run_on(
        executor, python_spec(SERVER_WITH_A_HUNDRED_CLIENTS, limits=PATIENT)
    )
    assert heard.stdout.decode() == "4950\n4194304\n[(7,)]\n[0, 1, 2, 3]\n", heard.stderr
    assert result.verdict is Verdict.OK
