"""Groups keys that are undone together: a run of typed or of deleted characters. Pure."""

from textual.document._document import Location

from codesync_tui.editor.splices import shift_location


class UndoRun:
    """The current run of typed or deleted characters, if any."""

    def __init__(self) -> None:
        self._is_typed = False
        self._place: Location | None = (
            None  # the caret after the last edit; None if there is no run
        )

    def continues(self, start: Location, end: Location, text: str) -> bool:
        """Return whether an edit continues the run.

        Args:
            start: the start of the replaced range.
            end: the end of the replaced range.
            text: the replacement.
        """
        if self._place is None:
            return False
        if text:
            return self._is_typed and start == end == self._place and is_single_character(text)
        is_one_character = start[0] == end[0] and end[1] - start[1] == 1
        return not self._is_typed and is_one_character and self._place in (start, end)

    def extend(self, text: str, place: Location) -> None:
        """Add an edit to the run, or start a run with it.

        Args:
            text: the inserted text.
            place: the caret after the edit.
        """
        self._is_typed, self._place = bool(text), place

    def end(self) -> None:
        """End the run."""
        self._place = None

    def shift(self, start: Location, end: Location, landed: Location) -> None:
        """Move the run's position after another member replaced a range.

        Args:
            start: the start of the range.
            end: the end of the range.
            landed: the end of the replacement.
        """
        if self._place is not None:
            self._place = shift_location(self._place, start, end, landed)


def is_single_character(text: str) -> bool:
    """Return whether a text is a single character other than a line feed."""
    return len(text) == 1 and text != "\n"
