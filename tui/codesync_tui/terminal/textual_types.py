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
        node: its work ends with it.
        work: called when its turn comes; not at all if the node is gone by then, where a coroutine
            that exists already would never be awaited.
        group: the name of such work.
    """

    async def turn() -> None:
        await work()

    # What gives a coroutine fits two of the three types that Textual declares.
    node.run_worker(cast("Awaitable[None]", turn), group=group)
