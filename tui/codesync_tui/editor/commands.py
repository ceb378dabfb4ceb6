"""What editing commands do to text. Pure."""

from collections.abc import Sequence

PAIRS = {"(": ")", "[": "]", "{": "}"}
"""Brackets that are closed when they are opened."""

_HASH = frozenset({"python", "ruby", "bash", "perl", "r"})


def comment_mark(syntax: str) -> str:
    """Tell what begins a comment to the end of the line in a language.

    Args:
        syntax: a LanguageInfo.syntax.
    """
    return "#" if syntax in _HASH else "//"


def toggle_comments(lines: Sequence[str], mark: str) -> list[str]:
    """Make comments of lines, or lines of comments if all are comments already.

    Args:
        lines: the lines; empty ones stay as they are.
        mark: what begins a comment.
    """
    written = [line for line in lines if line.strip()]
    if written and all(line.lstrip().startswith(mark) for line in written):
        return [_uncommented(line, mark) for line in lines]
    column = min((len(line) - len(line.lstrip()) for line in written), default=0)
    return [f"{line[:column]}{mark} {line[column:]}" if line.strip() else line for line in lines]


def _uncommented(line: str, mark: str) -> str:
    if not line.strip():
        return line
    indent, _, rest = line.partition(mark)
    return indent + rest.removeprefix(" ")


def closes(opening: str, following: str) -> bool:
    """Tell whether a bracket that is typed is closed too.

    Args:
        opening: the bracket.
        following: the character behind the caret; empty at the end of the line.
    """
    return opening in PAIRS and (not following or following.isspace() or following in ")]},;:")


def is_empty_pair(before: str, behind: str) -> bool:
    """Tell whether two characters are a bracket and its other one."""
    return bool(before) and PAIRS.get(before) == behind
