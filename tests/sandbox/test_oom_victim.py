"""When memory runs out, the kernel kills programs, and the runner reports it (H18)."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from codesync_attacks.attack import PRELUDE
from codesync_attacks.limits import LIMITS
from codesync_protocol.verdict import Verdict
from codesync_server.configuration.limits import RUN
from codesync_server.executors.docker import profile
from codesync_server.executors.docker.profile import seccomp_profile
from tests.sandbox.sandboxes import python_spec, run_on, running_executor

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300, func_only=True)]

BOMB = next(
    each for each in LIMITS if each.name == "a03_memory_bomb_of_sixty_that_spare_themselves"
)

HAS_LANDLOCK = (
    "landlock" in Path("/sys/kernel/security/lsm").read_text()
    if Path("/sys/kernel/security/lsm").exists()
    else False
)


def without_landlock() -> str:
    """Our seccomp profile as it is on a kernel that has no Landlock."""
    rules = json.loads(seccomp_profile())
    rules["syscalls"] = [
        rule for rule in rules["syscalls"] if "landlock_restrict_self" not in rule["names"]
    ]
    return json.dumps(rules)


@pytest.mark.parametrize("landlock", [True, False], ids=["landlock", "no-landlock"])
async def test_h18_a_program_that_spares_itself_still_ends_at_its_memory_limit(
    landlock: bool, executor_image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not landlock:
        text = without_landlock()
        monkeypatch.setattr(profile, "seccomp_profile", lambda: text)
    async with running_executor(executor_image) as executor:
        bomb = python_spec(PRELUDE + BOMB.source, limits=replace(RUN, wall=60.0))
        for result, _ in await run_on(executor, bomb, bomb, bomb):
            assert result.verdict is Verdict.MEMORY_LIMIT, result
            if landlock and HAS_LANDLOCK:
                assert result.stages, "the runner was killed instead of the program"


@pytest.mark.skipif(not HAS_LANDLOCK, reason="only Landlock keeps a program from sparing itself")
async def test_h18_a_program_cannot_be_spared_before_the_runner(executor_image: str) -> None:
    program = """
import os
def score(process):
    return int(open(f"/proc/{process}/oom_score_adj").read())
mine, runners = score("self"), score(1)
for number in range(1000, -1001, -1):
    try:
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write(str(number))
    except OSError:
        pass
print(score("self") == mine > runners)
os.mkdir("/tmp/a"); os.mkdir("/tmp/b"); open("/tmp/a/x", "w").close()
os.rename("/tmp/a/x", "/tmp/b/x"); os.link("/tmp/b/x", "/tmp/a/y")
print(os.listdir("/tmp/a"), file=open("/dev/stderr", "w"))
"""
    async with running_executor(executor_image) as executor:
        ((result, heard),) = await run_on(executor, python_spec(program))
    assert (heard.stdout, heard.stderr) == (b"True\n", b"['y']\n")
    assert result.verdict is Verdict.OK
