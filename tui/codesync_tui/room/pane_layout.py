"""Decides which panes are visible at which size of the terminal."""

from enum import Enum

from textual.screen import Screen

WIDE = 120
"""From this width on, editor and output are beside each other."""

BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]

SLIM = 70
"""Below this width, members and queue hide all other panes."""

VAST = 150
"""From this width on, members and queue are beside each other, below the output."""

HIGH = 18
"""From this height on, dialogs have empty rows."""

ROW_BREAKPOINTS = [(0, "-low"), (HIGH, "-high")]


class OutputSize(Enum):
    """How much of the screen the output gets."""

    NONE = "-output-none"
    HALF = "-output-half"
    FULL = "-output-full"


_NEXT = {
    OutputSize.NONE: OutputSize.HALF,
    OutputSize.HALF: OutputSize.FULL,
    OutputSize.FULL: OutputSize.NONE,
}


class Pane(Enum):
    """The panes that can fill the screen, by widget id. The answer line belongs to the output."""

    EDITOR = "editor"
    OUTPUT = "output"
    STDIN = "stdin"
    QUEUE = "queue"
    MEMBERS = "members"


class PaneLayout:
    """Decides which panes are visible.

    A wide screen starts with all panes, a narrow one with the editor alone. The user's choices are
    kept while one pane fills the screen. On a slim screen members and queue hide all other panes,
    so their visibility there is a separate choice.

    Args:
        screen: the room's screen; its CSS classes select the visible panes.
    """

    def __init__(self, screen: Screen[None]) -> None:
        self._screen = screen
        self._output: OutputSize | None = None
        self._people: dict[bool, bool] = {}  # by whether the screen is slim
        self._stdin: bool | None = None
        self._maximized: Pane | None = None

    @property
    def maximized(self) -> Pane | None:
        """The pane that fills the screen; None if there is none."""
        return self._maximized

    @property
    def is_wide(self) -> bool:
        """Whether the panes are beside each other."""
        return self._screen.size.width >= WIDE

    @property
    def is_slim(self) -> bool:
        """Whether members and queue hide all other panes."""
        return self._screen.size.width < SLIM

    @property
    def output(self) -> OutputSize:
        """How much of the screen the output gets."""
        if self._output is not None:
            return self._output
        return OutputSize.HALF if self.is_wide else OutputSize.NONE

    @property
    def shows_people(self) -> bool:
        """Whether members and queue are shown."""
        return self._people.get(self.is_slim, self.is_wide)

    @property
    def shows_stdin(self) -> bool:
        """Whether the prepared input is shown."""
        if self._maximized is not None:
            return self._maximized is Pane.STDIN
        return self.is_wide if self._stdin is None else self._stdin

    @property
    def is_output_visible(self) -> bool:
        """Whether the output is visible."""
        if self._maximized is not None:
            return self._maximized is Pane.OUTPUT
        return self.output is not OutputSize.NONE and not (self.is_slim and self.shows_people)

    @property
    def is_stdin_visible(self) -> bool:
        """Whether the prepared input is visible."""
        return self.shows_stdin and (self._maximized is Pane.STDIN or self.is_output_visible)

    def cycle_output(self) -> None:
        """Give the output the next size; if it was covered, show it first."""
        if self._maximized is None and self.is_slim and self.shows_people:
            self.show_output()
            return
        size = self.output
        if self._maximized is not None:
            size = OutputSize.FULL if self._maximized is Pane.OUTPUT else OutputSize.NONE
        self._maximized, self._output = None, _NEXT[size]
        self.apply()

    def maximize(self, pane: Pane | None) -> None:
        """Let a pane fill the screen; None restores the layout."""
        self._maximized = pane
        self.apply()

    def show_output(self) -> None:
        """Make the output visible."""
        if self._maximized is not Pane.OUTPUT:
            self._maximized = None
        if self.output is OutputSize.NONE:
            self._output = OutputSize.HALF
        self._hide_people()
        self.apply()

    def toggle_people(self) -> None:
        """Show or hide members and queue."""
        shown = self.shows_people
        if self._maximized is not None:
            shown = self._maximized in (Pane.QUEUE, Pane.MEMBERS)
        self._show_people(shown=not shown)

    def show_queue(self) -> None:
        """Make the queue visible."""
        if self._maximized is not Pane.QUEUE:
            self._show_people(shown=True)

    def _show_people(self, *, shown: bool) -> None:
        self._maximized = None
        self._people[self.is_slim] = shown
        self.apply()

    def _hide_people(self) -> None:
        """Hide members and queue if they cover the other panes."""
        if self.is_slim:
            self._people[True] = False

    def show_stdin(self, *, shown: bool) -> None:
        """Show or hide the prepared input."""
        self._maximized, self._stdin = None, shown
        self._hide_people()
        self.apply()

    def show_editor(self) -> None:
        """Make the editor visible."""
        if self._maximized is not Pane.EDITOR:
            self._maximized = None
        if self.output is OutputSize.FULL:
            self._output = OutputSize.HALF
        self._hide_people()
        self.apply()

    def apply(self) -> None:
        """Set the CSS classes of the screen."""
        for size in OutputSize:
            self._screen.set_class(size is self.output, size.value)
        self._screen.set_class(self.is_slim, "-slim")
        self._screen.set_class(self._screen.size.width >= VAST, "-vast")
        self._screen.set_class(self.shows_people and self._maximized is None, "-people")
        self._screen.set_class(self.shows_stdin, "-stdin")
        self._screen.set_class(self._maximized is not None, "-full")
        for pane in Pane:
            self._screen.set_class(pane is self._maximized, f"-full-{pane.value}")
