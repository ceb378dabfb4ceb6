"""Computes the edits of comment, indentation and bracket commands. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from codesync_tui.editor.indent import indentation, unindent

PAIRS = {"(": ")", "[": "]", "{": "}"}
"""Brackets that are closed automatically."""

_HASH = frozenset({"python", "ruby", "bash", "perl", "r"})


@dataclass(frozen=True, slots=True)
class LineEdit:
    """A replacement within one line.

    Attributes:
        row: the index of the line among the selected ones.
        column: the position in the line.
        deleted: how many characters are deleted.
        inserted: the text that is inserted.
    """

    row: int
    column: int
    deleted: int
    inserted: str


def comment_prefix(syntax: str) -> str:
    """Return what begins a line comment in a language.

    Args:
        syntax: a LanguageInfo.syntax.
    """
    return "#" if syntax in _HASH else "//"


def toggle_comments(lines: Sequence[str], mark: str) -> list[LineEdit]:
    """Return the edits that comment lines, or uncomment them if all are comments.

    Args:
        lines: the lines; empty ones are not changed.
        mark: what begins a comment.
    """
    written = [(row, line, _blanks(line)) for row, line in enumerate(lines) if line.strip()]
    if all(line.startswith(mark, blanks) for _, line, blanks in written):
        return [
            LineEdit(row, blanks, len(mark) + line.startswith(" ", blanks + len(mark)), "")
            for row, line, blanks in written
        ]
    column = min(blanks for _, _, blanks in written)
    return [LineEdit(row, column, 0, f"{mark} ") for row, _, _ in written]


def indent_lines(lines: Sequence[str], width: int) -> list[LineEdit]:
    """Return the edits that move lines one level to the right.

    Args:
        lines: the lines; blank ones are not changed.
        width: columns of one level.
    """
    by_tabs = any(line.startswith("\t") for line in lines)
    # At column 0, since another member may be writing behind the blanks at the same time.
    return [
        LineEdit(row, 0, 0, indentation(line, width, by_tabs=by_tabs))
        for row, line in enumerate(lines)
        if line.strip()
    ]


def unindent_lines(lines: Sequence[str], width: int) -> list[LineEdit]:
    """Return the edits that move lines one level to the left.

    Args:
        lines: the lines.
        width: columns of one level.
    """
    counts = [unindent(line, width) for line in lines]
    return [LineEdit(row, 0, count, "") for row, count in enumerate(counts) if count]


def _blanks(line: str) -> int:
    return len(line) - len(line.lstrip())


def should_close(opening: str, following: str) -> bool:
    """Return whether the closing bracket is inserted with an opening one.

    Args:
        opening: the bracket.
        following: the character behind the caret; empty at the end of the line.
    """
    return opening in PAIRS and (not following or following.isspace() or following in ")]},;:")


def is_empty_pair(before: str, behind: str) -> bool:
    """Return whether two characters are an opening bracket and its closing one."""
    return bool(before) and PAIRS.get(before) == behind
