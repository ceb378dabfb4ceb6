"""What Textual leaves half typed, typed in one place."""

from typing import cast

from textual.app import App
from textual.dom import DOMNode


def app_of(node: DOMNode) -> App[int]:
    """The app that a screen or widget belongs to."""
    # Textual declares it as a bare App.
    return cast("App[int]", node.app)  # pyright: ignore[reportUnknownMemberType]
