"""Publishes events in order, each after the change that it waits for. Pure."""

import asyncio
from collections import deque
from collections.abc import Callable

Durable = asyncio.Future[None] | None
"""Done when a change is durable, or when callers should not wait any longer; None: already
durable."""


class PublishBarrier:
    """A queue of callbacks that wait for durable changes."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[Durable, Callable[[], None]]] = deque()

    @property
    def is_open(self) -> bool:
        """Whether no callback waits."""
        return not self._waiting

    def after(self, durable: Durable, act: Callable[[], None]) -> None:
        """Run a callback once a change is durable, after all earlier callbacks.

        Args:
            durable: the change to wait for.
            act: callback to run once the change is durable.
        """
        if durable is not None and durable.done():
            durable = None
        if durable is None and not self._waiting:
            act()
            return
        self._waiting.append((durable, act))
        if durable is not None:
            durable.add_done_callback(self._go_on)

    def _go_on(self, _: object) -> None:
        while self._waiting:
            durable, act = self._waiting[0]
            if durable is not None and not durable.done():
                return
            self._waiting.popleft()
            act()
