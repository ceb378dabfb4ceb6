"""Shows text of ours that the room does not have, and asks what to do with it."""

from collections.abc import Iterator
from difflib import unified_diff
from enum import Enum
from itertools import islice
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from codesync_protocol.printable import show_line
from codesync_tui.dialogs.dialog import Dialog

DIFF_LINES_MAX = 2000

_STYLES = {"+": "$success", "-": "$error", "@": "$dim"}


class ConflictChoice(Enum):
    """What to do with our text."""

    MERGE = "merge"
    """Merge our change into the room's text."""
    MINE = "mine"
    """Replace the room's text by ours."""
    SAVE = "save"
    """Save our text to a file; the room's text stays."""
    THEIRS = "theirs"
    """Drop our text; the room's text stays."""


class ConflictScreen(Dialog[ConflictChoice]):
    """Shows how our text differs from the room's text.

    Args:
        title: what happened, for people.
        reason: why the texts could not be merged.
        mine: our text.
        theirs: the room's text.
        can_merge: whether our change can be merged.
    """

    AUTO_FOCUS = "VerticalScroll"  # the arrow keys scroll
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("g", "choose('merge')", "Merge", show=False),
        Binding("m", "choose('mine')", "Mine", show=False),
        Binding("s", "choose('save')", "Save", show=False),
        Binding("d", "choose('theirs')", "Drop", show=False),
    ]

    DEFAULT_CSS = """
    ConflictScreen > .dialog { width: 100%; height: 100%; }
    ConflictScreen VerticalScroll { height: 1fr; scrollbar-size-vertical: 1; }
    ConflictScreen VerticalScroll > Static { height: auto; text-wrap: nowrap; }
    """

    def __init__(
        self, title: str, reason: str, mine: str, theirs: str, *, can_merge: bool = False
    ) -> None:
        super().__init__()
        self._title = title
        self._reason = reason
        self._mine = mine
        self._theirs = theirs
        self._can_merge = can_merge

    def compose(self) -> ComposeResult:
        """Compose the difference and the list of keys."""
        with Vertical(classes="dialog"):
            yield Static(Content(show_line(self._title)), classes="dialog--title", markup=False)
            if reason := show_line(self._reason):
                yield Static(Content(f"{reason[0].upper()}{reason[1:]}"), markup=False)
            with VerticalScroll():
                yield Static(Content("\n").join(self._difference()), markup=False)
            yield Static(Content(self._keys()), classes="dialog--hint", markup=False)

    def _difference(self) -> Iterator[Content]:
        lines = unified_diff(
            self._theirs.split("\n"),
            self._mine.split("\n"),
            "the room's text",
            "yours",
            lineterm="",
        )
        for line in islice(lines, DIFF_LINES_MAX):
            yield Content.styled(show_line(line), _STYLES.get(line[:1], "$foreground"))

    def _keys(self) -> str:
        merge = "g merges both, " if self._can_merge else ""
        return (
            f"{merge}m makes yours the room's text (ctrl+z takes it back), s saves yours to a"
            " file, d drops yours, escape asks later."
        )

    def action_choose(self, name: str) -> None:
        """Close the dialog and return the choice."""
        choice = ConflictChoice(name)
        if choice is not ConflictChoice.MERGE or self._can_merge:
            self.dismiss(choice)
