"""Publishes events in order, each after the change that it waits for. Pure."""

import asyncio
from collections import deque
from collections.abc import Callable

Durable = asyncio.Future[None] | None
"""Done when something is kept, or when nobody should wait for that any longer; None: is already."""


class PublishBarrier:
    """Things that wait to happen."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[Durable, Callable[[], None]]] = deque()

    @property
    def is_open(self) -> bool:
        """Whether nothing waits."""
        return not self._waiting

    def after(self, kept: Durable, act: Callable[[], None]) -> None:
        """Let something happen, behind everything that was let happen before.

        Args:
            kept: what it waits for.
            act: it.
        """
        if kept is not None and kept.done():
            kept = None
        if kept is None and not self._waiting:
            act()
            return
        self._waiting.append((kept, act))
        if kept is not None:
            kept.add_done_callback(self._go_on)

    def _go_on(self, _: object) -> None:
        while self._waiting:
            kept, act = self._waiting[0]
            if kept is not None and not kept.done():
                return
            self._waiting.popleft()
            act()
