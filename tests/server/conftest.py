"""Fixtures for the server: properties without a deadline, and no blocked event loop."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.server.blocking import nothing_of_ours_blocks

settings.register_profile("codesync", deadline=None, print_blob=True)
settings.load_profile("codesync")


@pytest.fixture(autouse=True)
def no_blocking_calls() -> Iterator[None]:
    """A blocking call of ours on the event loop fails the test."""
    with nothing_of_ours_blocks():
        yield
