"""A program with a terminal that continues to compute gets a low cpu weight."""

from dataclasses import replace

import pytest

from codesync_client import Submission
from codesync_protocol.messages import StdinMode
from codesync_protocol.verdict import Verdict
from codesync_server.configuration.limits import RUN, TTY, JobLimits
from codesync_server.configuration.settings import Settings
from tests.programs import outcome
from tests.servers import running_server

pytestmark = pytest.mark.docker

BRIEF = JobLimits(run=replace(RUN, wall=1.0), tty=replace(TTY, cpu=100.0, idle=None))
SETTINGS = Settings(
    port=0, executor="docker", limits=BRIEF, pool_size=1, max_concurrent=1, drain_seconds=1.0
)

PROGRAM = b"""
import os
(path,) = filter(os.path.exists, ["/sys/fs/cgroup/cpu/cpu.shares", "/sys/fs/cgroup/cpu.weight"])
def weight(): return int(open(path).read())
first = weight()
while weight() >= first: pass
print("less")
"""


async def test_h32_its_weight_is_lowered_when_its_time_in_a_slot_is_over(
    executor_image: str,
) -> None:
    computes = Submission("python", [("main.py", PROGRAM)], stdin=StdinMode.SHARED, tty=True)
    async with running_server(SETTINGS) as server, server.room() as room:
        await room.submit(computes)
        ended = await outcome(room, computes.job)
    assert (ended.result.verdict, ended.stdout) == (Verdict.OK, b"less\n")
