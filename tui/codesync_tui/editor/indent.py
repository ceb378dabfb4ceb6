"""How far a line is indented, and how far the next one should be. Pure."""

_OPENERS = (":", "{", "(", "[")


def next_indent(line: str, column: int, width: int) -> str:
    """Tell what a new line begins with when a line is broken.

    Args:
        line: the line that is broken.
        column: where.
        width: columns of one level.

    Returns:
        White space: that of the line, and one level more behind an opening.
    """
    before = line[:column]
    indent = before[: len(before) - len(before.lstrip(" \t"))]
    if before.rstrip().endswith(_OPENERS):
        indent += "\t" if indent.endswith("\t") else " " * width
    return indent


def previous_stop(column: int, width: int) -> int:
    """Tell the column of the indentation level before `column`."""
    return max(0, (column - 1) // width * width)


def unindent(line: str, width: int) -> int:
    """Count the characters to take from a line's beginning to move it one level to the left."""
    if line.startswith("\t"):
        return 1
    spaces = len(line) - len(line.lstrip(" "))
    return spaces - previous_stop(spaces, width)
