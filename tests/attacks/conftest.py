"""The attacks are tested like the sandboxes that they run in: no blocked event loop."""

from tests.sandbox.conftest import no_blocking_calls

__all__ = ["no_blocking_calls"]
