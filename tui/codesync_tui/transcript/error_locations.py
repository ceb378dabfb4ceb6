"""Finds the locations of errors in the messages of compilers and interpreters. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

TEXT_MAX = 200_000
"""How many characters at the end of the output are searched."""


@dataclass(frozen=True, slots=True)
class ErrorLocation:
    """A location in the source.

    Attributes:
        line: the line, from 1.
        column: the column, from 1; 0 if it is unknown.
    """

    line: int
    column: int = 0


# g++:    main.cpp:12:5: error: …          javac: Main.java:12: error: …
_COMPILER = re.compile(r"^(?P<file>[^\s:]+):(?P<line>\d+):(?:(?P<column>\d+):)? (?:fatal )?error\b")
# Python: File "main.py", line 12
_PYTHON = re.compile(r'^\s*File "(?P<file>[^"]+)", line (?P<line>\d+)')
# node:   at f (/box/main.js:12:5)         java: at Main.main(Main.java:12)
_FRAME = re.compile(r"^\s*at .*?(?P<file>[^\s(/\\:]+):(?P<line>\d+)(?::(?P<column>\d+))?\)?$")
# node, before the source line with a syntax error: /box/main.js:12
_NODE = re.compile(r"^(?P<file>/?[^\s:]+\.[cm]?js):(?P<line>\d+)$")


def find_error_locations(output: str, file_name: str) -> list[ErrorLocation]:
    """Find the locations of errors in output.

    Args:
        output: the output of compiler and program.
        file_name: the name of the source; errors in other files are ignored.

    Returns:
        Each location once: first those of compilers, in their order; then those of a traceback,
        the innermost first.
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
