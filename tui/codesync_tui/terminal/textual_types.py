"""Typed wrappers for parts of Textual that are only partially typed."""

from collections.abc import Awaitable, Callable
from typing import cast

from textual.app import App
from textual.dom import DOMNode


def app_of(node: DOMNode) -> App[int]:
    """Return the app that a screen or widget belongs to."""
    # Textual declares it as a bare App.
    return cast("App[int]", node.app)  # pyright: ignore[reportUnknownMemberType]


def start_worker(node: DOMNode, work: Callable[[], Awaitable[None]], group: str) -> None:
    """Start a worker that belongs to a node.

    Args:
        node: the worker ends with it.
        work: called when the worker starts, and never if the node was removed before; a coroutine
            object would then never be awaited.
        group: the group of the worker.
    """

    async def turn() -> None:
        await work()

    # A coroutine function matches only two of the three types that Textual declares.
    node.run_worker(cast("Awaitable[None]", turn), group=group)
