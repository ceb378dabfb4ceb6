"""A pane's frame: one line above it, with its title, that shows where the focus is."""

from textual.content import Content
from textual.widget import Widget


def set_title(pane: Widget, title: str, detail: str = "") -> None:
    """Give a pane its title.

    Args:
        pane: a widget with the class "pane".
        title: what it shows.
        detail: how that stands; may hold foreign text, already shortened.
    """
    text = f"{title}  {detail}" if detail else title
    pane.border_title = Content(text)
