"""Finds the locations of errors in the messages of compilers and interpreters. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

TEXT_MAX = 200_000
"""Characters at the end of the output that are looked at."""


@dataclass(frozen=True, slots=True)
class ErrorLocation:
    """A location in the source.

    Attributes:
        line: from 1.
        column: from 1; 0 when nobody said.
    """

    line: int
    column: int = 0


# g++:    main.cpp:12:5: error: …          javac: Main.java:12: error: …
_COMPILER = re.compile(r"^(?P<file>[^\s:]+):(?P<line>\d+):(?:(?P<column>\d+):)? (?:fatal )?error\b")
# Python: File "main.py", line 12
_PYTHON = re.compile(r'^\s*File "(?P<file>[^"]+)", line (?P<line>\d+)')
# node:   at f (/box/main.js:12:5)         java: at Main.main(Main.java:12)
_FRAME = re.compile(r"^\s*at .*?(?P<file>[^\s(/\\:]+):(?P<line>\d+)(?::(?P<column>\d+))?\)?$")
# node, in front of the source line that makes no sense: /box/main.js:12
_NODE = re.compile(r"^(?P<file>/?[^\s:]+\.[cm]?js):(?P<line>\d+)$")


def find_error_locations(output: str, file_name: str) -> list[ErrorLocation]:
    """Find the locations of errors in output.

    Args:
        output: what the compiler or the program wrote.
        file_name: the source's; what is about other files is left out.

    Returns:
        Each place once: first what compilers say, in their order; then, of a traceback, the
        innermost place first.
    """
    lines = output[-TEXT_MAX:].splitlines()
    compiler = list(_found(_COMPILER, lines, file_name))
    python = list(_found(_PYTHON, lines, file_name))
    frames = list(_found(_FRAME, lines, file_name))
    node = list(_found(_NODE, lines, file_name))
    return list(
        dict.fromkeys([*compiler, *reversed(python), *frames, *(node if not frames else [])])
    )


def _found(pattern: re.Pattern[str], lines: list[str], file_name: str) -> Iterator[ErrorLocation]:
    for line in lines:
        match = pattern.match(line[:1_000])
        if match and re.split(r"[/\\]", match["file"])[-1] == file_name:
            column = match.groupdict().get("column")
            yield ErrorLocation(int(match["line"][:9]), int((column or "0")[:9]))
