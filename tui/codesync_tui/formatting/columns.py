"""Fits text into columns. Pure."""

from collections.abc import Sequence

from rich.cells import cell_len, split_graphemes

from codesync_protocol.printable import show_line


def fit(text: str, width: int) -> str:
    """Pad or cut text to exactly `width` columns, with an ellipsis if it is cut.

    Args:
        text: foreign text; control characters become pictures.
        width: columns.
    """
    text = shorten(text, width)
    return text + " " * (width - cell_len(text))


def shorten(text: str, width: int) -> str:
    """Cut text to at most `width` columns, with an ellipsis if it is cut.

    Args:
        text: foreign text; control characters become pictures.
        width: columns.
    """
    text = show_line(text).replace("\t", " ")
    if cell_len(text) <= width:
        return text
    if width <= 0:
        return ""
    end, columns = 0, 0
    for _, stop, cells in split_graphemes(text)[0]:
        if columns + cells > width - 1:
            break
        end, columns = stop, columns + cells
    return text[:end] + "…"


def column_count(text: str) -> int:
    """Return how many columns `fit` needs for a foreign text."""
    return cell_len(show_line(text).replace("\t", " "))


def share_width(width: int, wanted: Sequence[int], least: Sequence[int]) -> list[int]:
    """Distribute a width among columns.

    Args:
        width: the sum of the widths.
        wanted: the wanted width of each column.
        least: the least useful width of each column.

    Returns:
        The width of each column. If the width does not suffice, the column that exceeds its least
        width most shrinks first; if it does not suffice for the least widths, the last columns
        get 0.
    """
    shares = list(wanted)
    for index in reversed(range(1, len(shares))):
        if sum(map(min, shares, least)) > width:
            shares[index] = 0
    while sum(shares) > width:
        above = [share - at_least for share, at_least in zip(shares, least, strict=True)]
        most = max(range(len(shares)), key=lambda index: above[index])
        if above[most] <= 0:
            break
        shares[most] -= 1
    return shares
