"""Fixtures for all tests: a Docker engine, the executor image, and executors."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from docker.errors import DockerException

from codesync_server.executors.docker import image

os.environ.setdefault("CODESYNC_STORE", "memory")
"""No test's server touches the rooms of whoever runs the tests; those that want a store say so."""

FOLDER_MARKS = {"attacks": "attacks", "faults": "faults", "crash": "storm", "screen": "screen"}
"""The mark of all tests in a folder of tests/."""

REQUIRED = bool(os.environ.get("CODESYNC_REQUIRE_DOCKER"))
"""Turns a missing Docker (or toolchain) from a reason to skip into a failure."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by their folder, and those that use the Docker engine."""
    for item in items:
        folder = item.path.relative_to(Path(__file__).parent).parts[0]
        if mark := FOLDER_MARKS.get(folder):
            item.add_marker(mark)
        if isinstance(item, pytest.Function) and "docker_client" in item.fixturenames:
            item.add_marker("docker")


MAX_ID = 80
"""Characters of a parameter in the id of a test; ids are printed, sorted and sent to workers."""


def pytest_make_parametrize_id(val: object) -> str | None:
    """Shorten the ids of long texts and bytes; pytest numbers those that become equal."""
    if not isinstance(val, str | bytes) or len(val) <= MAX_ID:
        return None
    start = val[:MAX_ID].encode("unicode-escape") if isinstance(val, str) else val[:MAX_ID]
    return f"{ascii(start)[2:-1][:MAX_ID]}...{len(val)}"


def missing(what: str) -> None:
    """End a test for want of something: skip it, or fail it where nothing may be missing."""
    if REQUIRED:
        pytest.fail(f"CODESYNC_REQUIRE_DOCKER is set, and {what}")
    pytest.skip(what)


@pytest.fixture(scope="session")
def docker_client() -> Iterator[docker.APIClient]:
    """A client of the machine's Docker engine."""
    try:
        client = docker.APIClient(version="auto", timeout=60)
        client.ping()
    except DockerException as error:
        missing(f"no Docker engine answers: {error}")
        raise
    yield client
    client.close()


@pytest.fixture(scope="session")
def executor_image(
    docker_client: docker.APIClient, tmp_path_factory: pytest.TempPathFactory
) -> str:
    """The executor image's tag; it is built first if it is missing, by one of the processes."""
    lock = tmp_path_factory.getbasetemp().parent / "executor-image.lock"
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if not image.inspect(docker_client).present:
            network = image.resolve_network(
                docker_client, os.environ.get("CODESYNC_BUILD_NETWORK", "auto")
            )
            image.build(docker_client, network=network, progress=print)
    return image.image_tag()


@pytest.fixture(params=["local", pytest.param("docker", marks=pytest.mark.docker)])
def executor_kind(request: pytest.FixtureRequest) -> str:
    """Each executor in turn: one contract, one suite."""
    kind = str(request.param)
    if kind == "docker":
        request.getfixturevalue("executor_image")
    return kind


def require_command(command: str) -> None:
    """Skip (or fail) where a compiler or interpreter is not on this machine."""
    if shutil.which(command) is None:
        missing(f"{command} is not installed on this machine")
