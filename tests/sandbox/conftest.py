"""Fixtures for sandboxes: servers for a whole module, and no blocked event loop."""

from collections.abc import AsyncGenerator, Iterator
from dataclasses import replace

import pytest
import pytest_asyncio
from hypothesis import settings

from codesync_server.configuration.limits import COMPILE, RUN, JobLimits
from codesync_server.configuration.settings import Settings
from tests.server.blocking import nothing_of_ours_blocks
from tests.servers import RunningServer, running_server

settings.register_profile("codesync", deadline=None, print_blob=True)
settings.load_profile("codesync")

HASTY_WALL_SECONDS = 4.0
"""Long enough for a program to begin, on the slowest machine."""

PATIENT_WALL_SECONDS = 50.0

SETTINGS = Settings(port=0, drain_seconds=1.0, max_concurrent=2, pool_size=1, cpus=1.0)


@pytest.fixture(autouse=True)
def no_blocking_calls() -> Iterator[None]:
    """A blocking call of ours on the event loop fails the test."""
    with nothing_of_ours_blocks():
        yield


@pytest.fixture(scope="module", params=["local", pytest.param("docker", marks=pytest.mark.docker)])
def kind(request: pytest.FixtureRequest) -> str:
    """Each executor in turn, for a whole module."""
    chosen = str(request.param)
    if chosen == "docker":
        request.getfixturevalue("executor_image")
    return chosen


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(kind: str) -> AsyncGenerator[RunningServer, None]:
    """A server with the default limits, but with time enough on the slowest machine."""
    run = replace(RUN, wall=PATIENT_WALL_SECONDS)
    compiler = replace(COMPILE, wall=PATIENT_WALL_SECONDS)
    patient = replace(SETTINGS, executor=kind, limits=JobLimits(compile=compiler, run=run))
    async with running_server(patient) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def default_server(kind: str) -> AsyncGenerator[RunningServer, None]:
    """A server with the default limits."""
    async with running_server(replace(SETTINGS, executor=kind)) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hasty_server(kind: str) -> AsyncGenerator[RunningServer, None]:
    """A server that does not wait long for programs that never end."""
    run = replace(RUN, wall=HASTY_WALL_SECONDS)
    hasty = replace(SETTINGS, executor=kind, limits=JobLimits(run=run))
    async with running_server(hasty) as running:
        yield running
