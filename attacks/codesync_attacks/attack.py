"""One attack on a server: a hostile program, or a member who behaves badly, and how it must end.

What a program is refused it prints: the deed and the kernel's errno; "GRANTED" is never expected
unless it is harmless. The numbers are those of the table in docs/hazards.md.
"""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Final

from codesync_client.room import Room
from codesync_client.submission import Submission
from codesync_protocol.messages import RunLimits, StdinMode
from codesync_protocol.verdict import Result, Verdict

PATIENCE_SECONDS: Final = 2.0
"""Wall time that programs ask for which end at no other limit."""

MAIN_FILES: Final = {
    "python": "main.py",
    "javascript": "main.js",
    "java": "Main.java",
    "cpp": "main.cpp",
}

PRELUDE: Final = """
import errno, os, signal, socket, subprocess, sys, time

def attempt(what, deed, *arguments):
    try:
        deed(*arguments)
    except OSError as refusal:
        print(what, errno.errorcode.get(refusal.errno, refusal.errno), flush=True)
    else:
        print(what, "GRANTED", flush=True)
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended, and what it wrote."""

    result: Result
    by: str
    stdout: bytes
    stderr: bytes
    compiler: bytes


Enter = Callable[[str], AbstractAsyncContextManager[Room]]
"""Enters the attackers' room under a name."""

Scenario = Callable[[Enter, Submission], Awaitable[Outcome]]
"""What members do beside submitting the program; gives the outcome that is judged."""


@dataclass(frozen=True, slots=True)
class Attack:
    """One attack.

    Attributes:
        name: begins with the row's number.
        source: the program; a Python program begins with PRELUDE.
        verdict: how it must end; several where machines and kernels differ, the likeliest first.
        stdout: what it must have printed, exactly; None when that is not the point.
        stderr: what must be found on its stderr.
        exit_code: what it must return, when it ends by itself; -1 when that is not the point.
        language: what it is written in.
        file_name: what the submitter calls it; None for the usual name.
        prepared: its prepared stdin.
        stdin: what follows that.
        scenario: what members do; None when they only submit it.
    """

    name: str
    source: str
    verdict: Verdict | tuple[Verdict, ...]
    stdout: str | None = ""
    stderr: str = ""
    exit_code: int | None = None
    language: str = "python"
    file_name: str | None = None
    prepared: bytes = b""
    stdin: StdinMode = StdinMode.CLOSED
    scenario: Scenario | None = None

    @property
    def id(self) -> str:
        """Its number and its name, e.g. "A03-memory-bomb"."""
        number, _, rest = self.name.partition("_")
        return f"{number.upper()}-{rest.replace('_', '-')}"

    @property
    def title(self) -> str:
        """What it tries, for people."""
        return self.name.partition("_")[2].replace("_", " ")

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """How it may end."""
        return self.verdict if isinstance(self.verdict, tuple) else (self.verdict,)

    @property
    def expected(self) -> str:
        """How it must end, for people."""
        return " or ".join(self.verdicts)

    def submission(self) -> Submission:
        """The program, to be submitted."""
        prelude = PRELUDE if self.language == "python" else ""
        name = self.file_name or MAIN_FILES[self.language]
        patient = self.verdicts[0] is not Verdict.TIME_LIMIT
        limits = RunLimits() if patient else RunLimits(wall_seconds=PATIENCE_SECONDS)
        return Submission(
            self.language,
            [(name, (prelude + self.source).encode())],
            prepared_stdin=self.prepared,
            stdin=self.stdin,
            limits=limits,
        )

    def problem(self, outcome: Outcome) -> str:
        """Say what is wrong with how it ended; empty when it ended as it must."""
        result = outcome.result
        if result.verdict not in self.verdicts:
            return f"ended as {result.verdict}: {result.explanation}"
        if self.stdout is not None and outcome.stdout.decode("latin-1") != self.stdout:
            return f"printed something else: {outcome.stdout[-300:]!r} {outcome.stderr[-300:]!r}"
        if self.stderr.encode("latin-1") not in outcome.stderr:
            return f"its stderr was {outcome.stderr[-300:]!r}"
        if self.exit_code != -1 and result.exit_code != self.exit_code:
            return f"its exit code was {result.exit_code}"
        return ""


def survives(name: str, source: str, stdout: str | None, **more: str) -> Attack:
    """An attack that is refused and lives to tell: it ends by itself with exit code 0."""
    return Attack(name, source, Verdict.OK, stdout, exit_code=0, **more)  # type: ignore[arg-type]  # texts of Attack
