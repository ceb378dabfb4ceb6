"""Applies commands to the selected lines, each as a minimal edit, in one undo step.

Concurrent edits of other members in these lines are kept, and so are their carets.
"""

from collections.abc import Callable, Mapping, Sequence

from textual.document._document import Location, Selection

from codesync_client.document.change import Splice
from codesync_tui.editor.line_edits import LineEdit
from codesync_tui.editor.line_sizes import byte_count
from codesync_tui.editor.source_area import SourceArea
from codesync_tui.editor.splices import shift_location


def selects_lines(area: SourceArea) -> bool:
    """Return whether the selection covers at least one whole line."""
    (top, left), (bottom, right) = sorted(area.selection)
    return top < bottom or (left == 0 and 0 < right == len(area.document[bottom]))


def apply_line_command(
    area: SourceArea, command: Callable[[Sequence[str]], Sequence[LineEdit]]
) -> None:
    """Apply a command to the selected lines, and keep the selection.

    Args:
        area: the text area.
        command: returns the edits for the lines.
    """
    (top, _), (bottom, right) = sorted(area.selection)
    last = bottom - (right == 0 and bottom > top)
    lines = area.source.get_text_range((top, 0), (last, len(area.document[last]))).split("\n")
    pieces = {top + piece.row: piece for piece in command(lines)}
    if pieces:
        anchor, head = area.selection
        selection = Selection(_after(area, anchor, pieces), _after(area, head, pieces))
        area.splice(_splices(area, pieces), selection)


def _splices(area: SourceArea, pieces: Mapping[int, LineEdit]) -> list[Splice]:
    splices: list[Splice] = []
    grown = 0
    for row, piece in pieces.items():
        start = area.source.offset_of((row, piece.column))
        deleted = area.source.offset_of((row, piece.column + piece.deleted)) - start
        splices.append(Splice(start + grown, deleted, piece.inserted))
        grown += byte_count(piece.inserted) - deleted
    return splices


def _after(area: SourceArea, place: Location, pieces: Mapping[int, LineEdit]) -> Location:
    row, column = place
    if row not in pieces:
        return place
    piece = pieces[row]
    start, end = (row, piece.column), (row, piece.column + piece.deleted)
    landed = row, piece.column + len(piece.inserted)
    # A selection that begins at the start of a line still does so afterwards.
    return shift_location(place, start, end, landed, pushes=column > 0 or area.selection.is_empty)


def wrap_selection(area: SourceArea, before: str, behind: str) -> None:
    """Insert a character before and another behind the selection, and keep it.

    Args:
        area: the text area.
        before: the character before the selection.
        behind: the character behind it.
    """
    anchor, head = area.selection
    top, bottom = sorted(area.selection)
    start, end = area.source.offset_of(top), area.source.offset_of(bottom)
    selection = Selection(*((row, column + (row == top[0])) for row, column in (anchor, head)))
    area.splice((Splice(start, 0, before), Splice(end + 1, 0, behind)), selection)
