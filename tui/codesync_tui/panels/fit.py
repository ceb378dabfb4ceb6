"""Fitting text into columns. Pure."""

from rich.cells import cell_len, split_graphemes

from codesync_protocol.printable import show_line


def fit(text: str, width: int) -> str:
    """Make text exactly `width` columns wide, with an ellipsis when it is cut.

    Args:
        text: foreign text; what could act on the terminal becomes pictures.
        width: columns.
    """
    text = shorten(text, width)
    return text + " " * (width - cell_len(text))


def shorten(text: str, width: int) -> str:
    """Make text at most `width` columns wide, with an ellipsis when it is cut.

    Args:
        text: foreign text; what could act on the terminal becomes pictures.
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
