"""Fixtures for faults: a private engine, a proxy in front of it, and servers that use it."""

import gc
import tempfile
import time
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

import docker
import pytest

from tests.conftest import missing
from tests.faults.engine_proxy import EngineProxy, engine_proxy
from tests.faults.private_engine import CannotStart, PrivateEngine
from tests.server.blocking import nothing_of_ours_blocks


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """What a test leaves to the collector is collected while the test counts for it."""
    yield
    gc.collect()


@pytest.fixture(autouse=True)
def no_blocking_calls() -> Iterator[None]:
    """A blocking call of ours on the event loop fails the test."""
    with nothing_of_ours_blocks():
        yield


@pytest.fixture(scope="session")
def _started_engine(
    docker_client: docker.APIClient, executor_image: str
) -> Iterator[PrivateEngine]:
    folder = Path(tempfile.mkdtemp(prefix="cs-engine-", dir="/tmp"))
    engine = PrivateEngine(folder)
    began = time.monotonic()
    try:
        try:
            engine.start()
        except CannotStart as reason:
            missing(f"no private Docker engine can be started: {reason}")
        started = time.monotonic()
        engine.load(docker_client, executor_image)
        print(
            f"private engine: started in {started - began:.1f} s,"
            f" image loaded in {time.monotonic() - started:.1f} s"
        )
        yield engine
    finally:
        engine.remove()


@pytest.fixture
def private_engine(
    _started_engine: PrivateEngine, monkeypatch: pytest.MonkeyPatch
) -> Iterator[PrivateEngine]:
    """An engine that runs, is empty but for the image, and is what DOCKER_HOST names."""
    _started_engine.clean()
    monkeypatch.setenv("DOCKER_HOST", _started_engine.url)
    yield _started_engine
    _started_engine.clean()


@pytest.fixture
async def proxy(
    private_engine: PrivateEngine, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[EngineProxy, None]:
    """A proxy before that engine; it is what DOCKER_HOST names."""
    path = private_engine.socket.with_name("proxy.sock")
    async with engine_proxy(path, private_engine.socket) as running:
        monkeypatch.setenv("DOCKER_HOST", running.url)
        yield running
    path.unlink(missing_ok=True)
