"""Which panes stand on the screen, at which size of the terminal."""

from enum import Enum

from textual.screen import Screen

WIDE = 120
"""Columns from which on the panes stand beside each other."""

BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]

HIGH = 18
"""Rows from which on there is room for some that are empty."""

ROW_BREAKPOINTS = [(0, "-low"), (HIGH, "-high")]


class OutputSize(Enum):
    """How much of the screen the output has."""

    NONE = "-output-none"
    HALF = "-output-half"
    FULL = "-output-full"


_NEXT = {
    OutputSize.NONE: OutputSize.HALF,
    OutputSize.HALF: OutputSize.FULL,
    OutputSize.FULL: OutputSize.NONE,
}


class Pane(Enum):
    """What can fill the screen, by its widget's id; the answer line belongs to the output."""

    EDITOR = "editor"
    OUTPUT = "output"
    STDIN = "stdin"
    QUEUE = "queue"
    MEMBERS = "members"


class Arrangement:
    """Which panes are shown.

    A wide screen begins with everything, a narrow one with the editor alone. What somebody chose
    stays as it is, also while one pane fills the screen.

    Args:
        screen: the room's screen; its classes say what is shown.
    """

    def __init__(self, screen: Screen[None]) -> None:
        self._screen = screen
        self._output: OutputSize | None = None
        self._people: bool | None = None
        self._stdin: bool | None = None
        self._full: Pane | None = None

    @property
    def full(self) -> Pane | None:
        """The pane that fills the screen; None when none does."""
        return self._full

    @property
    def is_wide(self) -> bool:
        """Whether the panes stand beside each other."""
        return self._screen.size.width >= WIDE

    @property
    def output(self) -> OutputSize:
        """How much of the screen the output has."""
        if self._output is not None:
            return self._output
        return OutputSize.HALF if self.is_wide else OutputSize.NONE

    @property
    def shows_people(self) -> bool:
        """Whether members and queue are shown."""
        return self.is_wide if self._people is None else self._people

    @property
    def shows_stdin(self) -> bool:
        """Whether the prepared input is shown."""
        if self._full is not None:
            return self._full is Pane.STDIN
        return self.is_wide if self._stdin is None else self._stdin

    def next_output(self) -> None:
        """Give the output the next size."""
        size = self.output
        if self._full is not None:
            size = OutputSize.FULL if self._full is Pane.OUTPUT else OutputSize.NONE
        self._full, self._output = None, _NEXT[size]
        self.apply()

    def fill(self, pane: Pane | None) -> None:
        """Let a pane fill the screen; None gives the layout back."""
        self._full = pane
        self.apply()

    def show_output(self) -> None:
        """Make sure that the output is seen."""
        if self._full is not Pane.OUTPUT:
            self._full = None
        if self.output is OutputSize.NONE:
            self._output = OutputSize.HALF
        self.apply()

    def toggle_people(self) -> None:
        """Show or hide members and queue."""
        shown = self.shows_people
        if self._full is not None:
            shown = self._full in (Pane.QUEUE, Pane.MEMBERS)
        self._full, self._people = None, not shown
        self.apply()

    def show_stdin(self, *, shown: bool) -> None:
        """Show or hide the prepared input."""
        self._full, self._stdin = None, shown
        self.apply()

    def show_editor(self) -> None:
        """Make sure that the editor is seen."""
        if self._full is not Pane.EDITOR:
            self._full = None
        if self.output is OutputSize.FULL:
            self._output = OutputSize.HALF
        self.apply()

    def apply(self) -> None:
        """Bring the screen's classes up to date."""
        for size in OutputSize:
            self._screen.set_class(size is self.output, size.value)
        self._screen.set_class(self.shows_people, "-people")
        self._screen.set_class(self.shows_stdin, "-stdin")
        self._screen.set_class(self._full is not None, "-full")
        for pane in Pane:
            self._screen.set_class(pane is self._full, f"-full-{pane.value}")
