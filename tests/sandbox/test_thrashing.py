"""A sandbox whose runner has no memory to report: the engine's numbers are the evidence."""

import asyncio
from dataclasses import replace
from typing import Any

import docker
import pytest

from codesync_protocol.verdict import Result, Verdict
from codesync_server.configuration.limits import RUN
from codesync_server.executors.docker import container
from codesync_server.executors.docker.container import is_thrashing
from codesync_server.executors.session import Session
from tests.sandbox.sandboxes import Heard, acquire, python_spec, running_executor

LIMIT = 268_435_456
V1 = {"limit": LIMIT, "stats": {"rss": 264_900_608, "shmem": 0, "pgmajfault": 60_000}}
V2 = {"limit": LIMIT, "stats": {"anon": 250_000_000, "shmem": 14_000_000, "pgmajfault": 60_000}}
"""As the engine names them on both versions of cgroups; on one node filled its heap."""


def but(figures: dict[str, Any], **stats: int) -> dict[str, Any]:
    """The same figures but for some."""
    return {**figures, "stats": {**figures["stats"], **stats}}


@pytest.mark.parametrize("figures", [V1, V2])
def test_memory_that_is_full_with_code_read_back_all_the_time_is_thrashing(
    figures: dict[str, Any],
) -> None:
    assert is_thrashing(figures, seconds=8.0)


@pytest.mark.parametrize(
    "figures",
    [
        but(V1, rss=200_000_000),  # there was room
        but(V1, pgmajfault=300),  # nothing had to be read back
        {**V1, "limit": None},
        {"limit": LIMIT},
        {},  # it does not run any more
    ],
)
def test_what_does_not_show_it_is_no_witness(figures: dict[str, Any]) -> None:
    assert not is_thrashing(figures, seconds=8.0)


FILL = """
import os, time
V1 = "/sys/fs/cgroup/memory/memory."
STAT = V1 + "stat" if os.path.exists(V1 + "stat") else "/sys/fs/cgroup/memory.stat"
def used():
    with open(STAT) as file:
        fields = dict(line.split() for line in file)
    return int(fields.get("rss", fields.get("anon"))) + int(fields["shmem"])
hoard = []
while used() < (1 << 28) * 0.98:
    hoard.append(bytearray(b"x") * (1 << 18))
print("full", flush=True)
time.sleep(60)
"""


async def overdue(image: str, engine: Any) -> Result:
    """Fill a sandbox's memory, and keep its runner from reporting."""
    heard = Heard()
    async with running_executor(image) as executor, asyncio.TaskGroup() as tasks:
        sandbox = await acquire(executor)
        session = Session(sandbox, python_spec(FILL, limits=replace(RUN, wall=5.0)), heard)
        running = tasks.create_task(session.run())
        try:
            await heard.wrote_something.wait()
            assert heard.stdout == b"full\n"
            # It is process 1, which stops only for those outside.
            await asyncio.to_thread(engine.kill, sandbox.container, "STOP")
            return await running
        finally:
            await sandbox.destroy(reported=False)


@pytest.mark.docker
@pytest.mark.timeout(300, func_only=True)
@pytest.mark.parametrize(
    ("faults", "verdict"), [(0, Verdict.MEMORY_LIMIT), (10**9, Verdict.TIME_LIMIT)]
)
async def test_the_engine_is_asked_when_the_runner_does_not_report_in_time(
    faults: int,
    verdict: Verdict,
    executor_image: str,
    docker_client: docker.APIClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(container, "FAULTS_PER_SECOND", faults)
    result = await overdue(executor_image, docker_client)
    assert (result.verdict, result.stages) == (verdict, ()), result
