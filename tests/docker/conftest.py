"""Fixtures for the tests of the image and the kernel profile."""

import docker
import pytest

from tests.docker.closed import ClosedContainer


@pytest.fixture(scope="session")
def closed_container(docker_client: docker.APIClient, executor_image: str) -> ClosedContainer:
    """Runs commands in the executor image with a sandbox's flags."""
    return ClosedContainer(docker_client, executor_image)
