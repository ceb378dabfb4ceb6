"""Converts line ends: line feeds in a room, and the original ones in a file. Pure."""

import re
from collections import Counter

from codesync_client.document.line_changes import changes

_END = re.compile(r"\r\n|\r|\n")


def as_line_feeds(text: str) -> str:
    """Return a text with line feeds."""
    return _END.sub("\n", text)


def prevailing(text: str) -> str:
    """Return the most frequent line end of a text; a line feed if it has none."""
    most = Counter(_END.findall(text)).most_common(1)
    return most[0][0] if most else "\n"


def restored(text: str, before: str, newline: str) -> str:
    r"""Return a text with the line ends that its lines have in a file.

    Only a file that mixes them needs a look at each line: what did not change keeps its end, what
    changed that of the line in whose place it stands.

    Args:
        text: a text whose line ends are line feeds.
        before: the content of the file, with its own line ends.
        newline: the end of all other lines.
    """
    ends = _END.findall(before)
    if len(set(ends)) < 2:
        return text.replace("\n", newline)
    old, new = as_line_feeds(before).split("\n"), text.split("\n")
    ends.append(newline)  # the last line has none, but another may follow now
    chosen: list[str] = []
    at = 0
    for first, last, begin, end in changes(old, new):
        chosen += ends[at:first]
        chosen += [*ends[first:last], *[newline] * (end - begin)][: end - begin]
        at = last
    chosen += ends[at:]
    result = "".join(line + end for line, end in zip(new, [*chosen[:-1], ""], strict=True))
    # Not when it would be read as another text: "\r" before an empty line that ends in "\n".
    return result if as_line_feeds(result) == text else text.replace("\n", newline)
