"""The command's voice: stdout is data, stderr is talk. Foreign text is made harmless on the way."""

import sys

from codesync_protocol.printable import show_block, show_line


def say(text: str = "") -> None:
    """Print lines of ours, or of ours with foreign parts, to stdout."""
    print(show_block(text), flush=True)


def remark(text: str) -> None:
    """Print a line to stderr, with our name before it."""
    print(f"codesync: {show_line(text)}", file=sys.stderr, flush=True)


def complain(reason: str, remedy: str = "") -> None:
    """Print to stderr what is wrong, and below it how to mend it."""
    remark(reason)
    if remedy:
        print(f"          {show_line(remedy)}", file=sys.stderr, flush=True)
