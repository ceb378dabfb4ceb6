"""The cpu time of a program with a terminal decides whether it computes or is idle."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesync_protocol.verdict import Verdict
from codesync_server.configuration.limits import TTY
from codesync_server.executors.contract import Executor
from codesync_server.executors.judge import StopReason
from codesync_server.executors.local import LocalExecutor
from codesync_server.executors.runner.activity import (
    BUSY_CPUS,
    IDLE_WINDOW_SECONDS,
    MEMORY_STEP,
    Activity,
)
from codesync_server.executors.session import Session
from tests.sandbox.sandboxes import OWN_PYTHON, Heard, python_spec, running_executor
from tests.waiting import eventually

PATIENT = replace(TTY, wall=200.0, idle=None, cpu=30.0)


@pytest.fixture(params=["local", pytest.param("docker", marks=pytest.mark.docker)])
def image(request: pytest.FixtureRequest) -> str:
    """The image of the Docker executor; empty: the local executor."""
    return str(request.getfixturevalue("executor_image")) if request.param == "docker" else ""


@asynccontextmanager
async def executor_of(image: str) -> AsyncGenerator[Executor, None]:
    """An executor while the block lasts."""
    if image:
        async with running_executor(image) as docker:
            yield docker
        return
    async with asyncio.TaskGroup() as tasks:
        local = LocalExecutor()
        await local.start(tasks)
        yield local


class Run:
    """A program that runs on a terminal, and what its runner said."""

    def __init__(self, session: Session, heard: Heard) -> None:
        self.session = session
        self.heard = heard

    @property
    def changes(self) -> list[bool]:
        """Whether it computed, each time that this changed."""
        said = [computes for computes, _ in self.heard.activities]
        return [now for before, now in zip([True, *said], said, strict=False) if now != before]


@asynccontextmanager
async def running(image: str, source: str, *, tty: bool = True) -> AsyncGenerator[Run, None]:
    """Run a Python program while the block lasts; it is ended behind it if it has not ended."""
    interpreter = "python3" if image else OWN_PYTHON
    spec = python_spec(source, limits=PATIENT, tty=tty, interpreter=interpreter)
    async with executor_of(image) as executor:
        sandbox = await executor.acquire()
        heard = Heard()
        run = Run(Session(sandbox, spec, heard), heard)
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(run.session.run())
            try:
                yield run
            finally:
                run.session.stop(StopReason.CANCELLED)
                result = await task
                await sandbox.destroy(reported=bool(result.stages))
    assert result.verdict in (Verdict.OK, Verdict.CANCELLED)


@pytest.mark.parametrize(
    "source",
    [
        "import time\nwhile True: print('.', flush=True); time.sleep(20)",
        "input('? ')",
        "import threading\nthreading.Thread(target=input).start()\nthreading.Event().wait()",
        "import subprocess; subprocess.run(['sleep', '100'])",
    ],
    ids=["dots", "input", "thread", "child"],
)
async def test_h32_a_program_that_waits_or_sleeps_is_idle(image: str, source: str) -> None:
    async with running(image, source) as run:
        await eventually(lambda: run.heard.activities)
        assert run.changes == [False]
        computes, memory = run.heard.activities[0]
        assert not computes
        assert 1 << 20 < memory < PATIENT.memory


async def test_h32_a_program_that_wakes_computes_and_is_idle_again(image: str) -> None:
    source = (
        "import time\n"
        "while True:\n"
        "    input('? ')\n"
        "    end = time.process_time() + 0.5\n"
        "    while time.process_time() < end: pass\n"
    )
    async with running(image, source) as run:
        await eventually(lambda: run.changes == [False])
        run.session.feed_stdin(b"\n")
        await eventually(lambda: run.changes == [False, True, False])
        run.session.feed_stdin(b"\n")
        await eventually(lambda: run.changes == [False, True, False, True, False])


@pytest.mark.parametrize("who", ["itself", "child"])
async def test_h32_a_program_that_computes_is_never_idle(image: str, who: str) -> None:
    source = "import time\nwhile time.process_time() < 2: pass\nprint('done')"
    if who == "child":
        source = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {source!r}])"
    async with running(image, source) as run:
        await eventually(lambda: b"done" in run.heard.stdout)
        assert run.changes == []


async def test_h32_memory_that_an_idle_program_takes_is_reported(image: str) -> None:
    source = (
        "import time\nheld = []\n"
        "time.sleep(1.5)\n"
        "while len(held) < 30: held.append(bytearray(1 << 20)); time.sleep(0.2)\n"
        "time.sleep(100)\n"
    )
    async with running(image, source) as run:
        await eventually(lambda: run.heard.activities)
        first = run.heard.activities[0][1]
        await eventually(lambda: run.heard.activities[-1][1] >= first + 2 * MEMORY_STEP)


async def test_a_program_on_pipes_is_not_reported() -> None:
    async with running("", "input(); print('end')", tty=False) as run:
        await eventually(lambda: run.heard.waits)
        run.session.feed_stdin(b"\n")
        await eventually(lambda: run.heard.stdout)
        assert run.heard.activities == []


@given(st.lists(st.tuples(st.floats(0.008, 0.25), st.floats(0.0, 1.0))))
def test_a_program_changes_at_most_twice_in_a_window(looks: list[tuple[float, float]]) -> None:
    """However its use of the cpu goes up and down, its changes cost the server little."""
    now = cpu = 0.0
    activity = Activity(now, cpu, lambda: 0, lambda: False)
    changes: list[float] = []
    for seconds, share in looks:
        now, cpu = now + seconds, cpu + seconds * share
        before = activity.computes
        activity.check(now, cpu)
        if activity.computes != before:
            changes.append(now)
    for first, third in zip(changes, changes[2:], strict=False):
        assert third - first >= IDLE_WINDOW_SECONDS


@given(st.floats(0.0, 0.024) | st.floats(BUSY_CPUS * 1.01, 1.0), st.floats(0.008, 0.25))
def test_steady_use_is_told_apart_within_two_windows(share: float, step: float) -> None:
    activity = Activity(0.0, 0.0, lambda: 0, lambda: False)
    now = 0.0
    while now < 2 * IDLE_WINDOW_SECONDS:
        now += step
        activity.check(now, now * share)
    assert activity.computes == (share >= BUSY_CPUS)
