"""Formats the output of an image build as lines."""

import re
from collections import deque
from collections.abc import Iterator
from typing import Any

from codesync_protocol.printable import show_line

_TAIL_LINES = 15
_LINE_CHARACTERS = 200

_STEP = re.compile(r"Step (\d+/\d+) : (.{,60})")
_FETCHED = re.compile(r"Get:\d+ \S+ \S+ \S+ (\S+) \S+ \S+ \[")
_INSTALLED = re.compile(r"Setting up (\S+) \(")
# What the builder says of its own containers is no help to anybody.
_IGNORED = re.compile(r"---> |Removing intermediate container ")
# The classic builder paints red what a step writes to stderr.
_RED = "\x1b[91m"
_PLAIN = "\x1b[0m"
_COLOR = re.compile(r"\x1b\[\d*m")


class BuildLog:
    """Makes lines for people of a build's events, and keeps the last ones.

    Attributes:
        failure: why the build failed; empty while it has not.
        remedy: what to do about that.
    """

    def __init__(self) -> None:
        self.failure = ""
        self.remedy = "look at the engine's log, then try again"
        self._lines: deque[str] = deque(maxlen=_TAIL_LINES)
        self._partial = ""
        self._step = ""
        self._is_red = False
        self._last_error_line = ""

    @property
    def tail(self) -> tuple[str, ...]:
        """The last lines, fit to be shown."""
        return tuple(self._lines)

    def note(self, event: dict[str, Any]) -> Iterator[str]:
        """Take one event of the engine's build stream.

        Yields:
            What is worth telling, a line at a time.
        """
        # Texts come as the step wrote them, in pieces; one that never ends must not pile up.
        *lines, rest = re.split(r"[\r\n]", self._partial + str(event.get("stream", "")))
        self._partial = rest[:_LINE_CHARACTERS]
        for raw in lines:
            red = _RED in raw or (self._is_red and not raw.startswith(_PLAIN))
            if _RED in raw or _PLAIN in raw:
                self._is_red = raw.rfind(_RED) > raw.rfind(_PLAIN)
            line = printable_line(raw)
            if line and not _IGNORED.match(line):
                self._lines.append(line)
                if red:
                    self._last_error_line = line
                yield from self._condensed(line)
        if "status" in event and "progress" not in event:
            self._lines.append(printable_line(f"{event['status']} {event.get('id', '')}"))
            yield f"{self._step}{self._lines[-1]}"
        if "error" in event:
            detail: dict[str, Any] = event.get("errorDetail") or {}
            self._fail(str(event["error"]), detail.get("code"))

    def _condensed(self, line: str) -> Iterator[str]:
        if step := _STEP.match(line):
            self._step = f"step {step[1]}: "
            self._last_error_line = ""
            yield self._step + step[2]
        elif fetched := _FETCHED.match(line):
            yield f"{self._step}fetched {fetched[1]}"
        elif installed := _INSTALLED.match(line):
            yield f"{self._step}installed {installed[1]}"

    def _fail(self, message: str, status: int | None) -> None:
        if status:
            # The two outputs of a step come in any order; what is wrong is said on stderr.
            last = f": {self._last_error_line}" if self._last_error_line else ""
            self.failure = f"{self._step}the command ended with status {status}{last}"
            self.remedy = (
                "if it could not reach the package mirrors, choose another network for the build"
                " (auto, default, host, or a network's name)"
            )
        else:
            self.failure = self._step + printable_line(message)
            self.remedy = "if the base image is what is missing, see that Docker can pull it"


def printable_line(text: str) -> str:
    """Make foreign text one harmless line of bounded length."""
    return show_line(_COLOR.sub("", text).strip())[:_LINE_CHARACTERS]
