"""Fixtures for the client: properties without a deadline, and no blocked event loop."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.client.certificates import self_signed
from tests.server.blocking import nothing_of_ours_blocks

settings.register_profile("codesync", deadline=None, print_blob=True)
settings.load_profile("codesync")


@pytest.fixture(autouse=True)
def no_blocking_calls() -> Iterator[None]:
    """A blocking call of ours on the event loop fails the test."""
    with nothing_of_ours_blocks():
        yield


@pytest.fixture(scope="session")
def own_certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for this machine that nobody vouches for, and its key."""
    return self_signed(tmp_path_factory.mktemp("tls"), "DNS:localhost", "IP:127.0.0.1")
