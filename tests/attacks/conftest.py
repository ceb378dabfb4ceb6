"""Fixtures for the corpus: no test may block the event loop."""

from tests.sandbox.conftest import no_blocking_calls

__all__ = ["no_blocking_calls"]
