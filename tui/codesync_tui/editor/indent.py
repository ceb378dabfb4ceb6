"""Computes the indentation of lines. Pure."""

_OPENERS = (":", "{", "(", "[")


def next_indent(line: str, column: int, width: int) -> str:
    """Return the indentation of a new line when a line is broken.

    Args:
        line: the line that is broken.
        column: where it is broken.
        width: columns of one level.

    Returns:
        The indentation of the line, and one level more after an opening bracket or colon.
    """
    before = line[:column]
    indent = before[: len(before) - len(before.lstrip(" \t"))]
    if before.rstrip().endswith(_OPENERS):
        indent += "\t" if indent.endswith("\t") else " " * width
    return indent


def indentation(line: str, width: int, *, by_tabs: bool) -> str:
    """Return what to insert before a line to move it one level to the right.

    Args:
        line: the line.
        width: columns of one level.
        by_tabs: the surrounding lines are indented by tabs; so is this one unless it has spaces.
    """
    if line.startswith("\t") or (by_tabs and not line.startswith(" ")):
        return "\t"
    return " " * (width - _spaces(line) % width)


def backspace(before: str, width: int) -> int:
    """Return how many characters a backspace deletes: one, or one level of indentation.

    Args:
        before: the line up to the caret, not empty.
        width: columns of one level.
    """
    spaces = len(before) - len(before.rstrip(" "))
    if before.strip(" \t") or not spaces:
        return 1
    column = len(before.expandtabs(width))
    return min(spaces, column - previous_stop(column, width))


def previous_stop(column: int, width: int) -> int:
    """Return the column of the indentation level before `column`."""
    return max(0, (column - 1) // width * width)


def unindent(line: str, width: int) -> int:
    """Return how many characters to delete to move a line one level to the left."""
    spaces = _spaces(line)
    if spaces < width and line.startswith("\t", spaces):
        return spaces + 1
    return spaces - previous_stop(spaces, width)


def _spaces(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
