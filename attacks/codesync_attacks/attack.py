"""One attack on a server: a hostile program or member, and the expected result.

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
"""Wall time limit of programs that reach no other limit."""

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
    """The result of a job, and its output."""

    result: Result
    by: str
    stdout: bytes
    stderr: bytes
    compiler: bytes


Enter = Callable[[str], AbstractAsyncContextManager[Room]]
"""Enters the attackers' room with a name."""

Scenario = Callable[[Enter, Submission], Awaitable[Outcome]]
"""Actions of members besides submitting the program; returns the outcome to check."""


@dataclass(frozen=True, slots=True)
class Attack:
    """One attack.

    Attributes:
        name: begins with the number of docs/hazards.md.
        source: the program; PRELUDE is added before a Python program.
        verdict: the expected verdict; several if machines and kernels differ, the likeliest first.
        stdout: the exact expected output; None for any output.
        stderr: text that its stderr must contain.
        exit_code: the expected exit code, if it ends by itself; -1 for any.
        language: the language of the program.
        file_name: the name of the file; None for the usual name.
        prepared: its prepared stdin.
        stdin: the kind of input that follows the prepared stdin.
        scenario: actions of members; None if they only submit the program.
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
        """The number and the name, e.g. "A03-memory-bomb"."""
        number, _, rest = self.name.partition("_")
        return f"{number.upper()}-{rest.replace('_', '-')}"

    @property
    def title(self) -> str:
        """The name as a phrase."""
        return self.name.partition("_")[2].replace("_", " ")

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """The expected verdicts."""
        return self.verdict if isinstance(self.verdict, tuple) else (self.verdict,)

    @property
    def expected(self) -> str:
        """The expected verdicts as a phrase."""
        return " or ".join(self.verdicts)

    def submission(self) -> Submission:
        """Return the submission of the program."""
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
        """Describe how an outcome differs from the expected one; empty if it does not."""
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
    """Return an attack that is refused and continues: it ends by itself with exit code 0."""
    return Attack(name, source, Verdict.OK, stdout, exit_code=0, **more)  # type: ignore[arg-type]  # texts of Attack
