"""Paints carets, selections and names of other members over the editor's rows. Pure.

Names are behind the end of the line, so that they cover no text. They identify the caret without
colours.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.document._document import Location
from textual.geometry import Offset
from textual.strip import Strip

from codesync_tui.editor.source_document import SourceDocument
from codesync_tui.editor.wrapped_document import SourceWrappedDocument


@dataclass(frozen=True, slots=True)
class RemoteCaret:
    """The caret and selection of another member.

    Attributes:
        name: the name, printable.
        anchor: the start of the selection, in bytes.
        head: the caret, in bytes.
        caret: the style of the caret and the name.
        selection: the style of the selection.
    """

    name: str
    anchor: int
    head: int
    caret: Style
    selection: Style


@dataclass(frozen=True, slots=True)
class RowMark:
    """A span of a row with its own style.

    Attributes:
        start: the first cell, counted from the beginning of the text.
        end: the cell behind the last one.
        style: the style.
    """

    start: int
    end: int
    style: Style


@dataclass(slots=True)
class RowMarks:
    """What is painted over one row.

    Attributes:
        pieces: the spans with their own styles.
        labels: names behind the end of the line.
        end: the cell behind the row's text.
    """

    pieces: list[RowMark]
    labels: list[tuple[str, Style]]
    end: int = 0


def plan_row_marks(
    carets: Sequence[RemoteCaret],
    source: SourceDocument,
    wrapped: SourceWrappedDocument,
    first: int,
    last: int,
) -> dict[int, RowMarks]:
    """Compute what is painted over the rows from `first` up to `last`."""
    rows: defaultdict[int, RowMarks] = defaultdict(lambda: RowMarks([], []))
    for caret in carets:
        head = source.location_of(caret.head)
        at = wrapped.location_to_offset(head)
        for row, start, end in _selected(caret, head, source, wrapped, first, last):
            rows[row].pieces.append(RowMark(start, end, caret.selection))
        if first <= at.y < last:
            rows[at.y].pieces.append(RowMark(at.x, at.x + 1, caret.caret))
            rows[at.y].labels.append((caret.name, caret.caret))
            rows[at.y].end = _row_end(head, at, wrapped, source)
    return dict(rows)


def _selected(
    caret: RemoteCaret,
    head: Location,
    source: SourceDocument,
    wrapped: SourceWrappedDocument,
    first: int,
    last: int,
) -> Iterator[tuple[int, int, int]]:
    if caret.anchor == caret.head:
        return
    top, bottom = sorted((source.location_of(caret.anchor), head))
    begin, end = wrapped.location_to_offset(top), wrapped.location_to_offset(bottom)
    for row in range(max(first, begin.y), min(last, end.y + 1)):
        start = begin.x if row == begin.y else 0
        if row == end.y:
            yield row, start, end.x
        else:
            line = wrapped.line_at(row)
            behind = wrapped.location_to_offset((line, len(source[line])))
            yield row, start, behind.x + 1 if behind.y == row else max(start, wrapped.width)


def _row_end(
    head: Location, at: Offset, wrapped: SourceWrappedDocument, source: SourceDocument
) -> int:
    behind = wrapped.location_to_offset((head[0], len(source[head[0]])))
    return behind.x if behind.y == at.y else wrapped.width


def paint_row_marks(
    strip: Strip,
    marks: RowMarks,
    gutter: int,
    scrolled: int,
    own: int | None,
    selection: Style | None = None,
) -> Strip:
    """Paint carets, selections and names over a row.

    Args:
        strip: the row without marks.
        marks: what to paint.
        gutter: cells before the text.
        scrolled: how many cells of the text are left of the view.
        own: the cell of our own caret, if it is in this row; it stays visible.
        selection: the style of our own selection, which stays visible too.
    """
    shift = gutter - scrolled
    for piece in marks.pieces:
        start = max(gutter, piece.start + shift)
        end = piece.end + shift
        if own is not None and piece.end - piece.start == 1 and start == own + shift:
            continue
        strip = _restyled(strip, start, end, piece.style, selection)
    at = max(gutter, marks.end + shift + 2)
    for name, style in marks.labels:
        label = f" {name} "
        width = cell_len(label)
        room = strip.cell_length - width
        here = min(at, room)
        covers_us = own is not None and here <= own + shift < here + width
        if here < gutter or covers_us:
            continue
        strip = Strip.join(
            [
                strip.crop(0, here),
                Strip([Segment(label, style)], width),
                strip.crop(here + width, None),
            ]
        )
        at = here + width + 1
    return strip


def _restyled(strip: Strip, start: int, end: int, style: Style, selection: Style | None) -> Strip:
    end = min(end, strip.cell_length)
    if start >= end:
        return strip
    middle = strip.crop(start, end)
    ours = selection.bgcolor if selection else None
    restyled = Strip(
        [
            Segment(text, before)
            if before and ours and before.bgcolor == ours
            else Segment(text, (before or Style()) + style)
            for text, before, _ in middle
        ],
        middle.cell_length,
    )
    return Strip.join([strip.crop(0, start), restyled, strip.crop(end, None)])
