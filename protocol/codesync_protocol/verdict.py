"""The verdict of a job, and its measurements."""

from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

Seconds = Annotated[float, Meta(ge=0, le=1e9)]
"""A duration; never NaN or infinite, which some readers do not accept."""

Bytes = Annotated[int, Meta(ge=0, lt=1 << 53)]
EXPLANATION_MAX: Final = 2000
"""Code points."""

ExitCode = Annotated[int, Meta(ge=0, le=255)]


class Verdict(StrEnum):
    """The verdict of a job. It follows from evidence (wait status, counters), never from text."""

    OK = "ok"
    """The program ended by itself with exit code 0."""
    COMPILE_ERROR = "compile_error"
    """The compiler did not accept the source."""
    RUNTIME_ERROR = "runtime_error"
    """The program ended by itself with another exit code."""
    SIGNALLED = "signalled"
    """A signal that CodeSync did not send ended the program."""
    TIME_LIMIT = "time_limit"
    """The program exceeded its cpu time or its wall time."""
    MEMORY_LIMIT = "memory_limit"
    """The program exceeded its memory limit."""
    OUTPUT_LIMIT = "output_limit"
    """The program exceeded its output limit."""
    CANCELLED = "cancelled"
    """A member cancelled the job."""
    LOST = "lost"
    """The end of the job was not observed, e.g. because the engine or the server failed."""
    INTERNAL_ERROR = "internal_error"
    """CodeSync failed, or the evidence of the job's end is contradictory."""


class MemorySource(StrEnum):
    """The source of the peak memory."""

    CGROUP_V1 = "cgroup v1"
    """memory.max_usage_in_bytes: all processes of the sandbox, page cache included."""
    CGROUP_V2 = "cgroup v2"
    """memory.peak: all processes of the sandbox, page cache included."""
    RUSAGE = "rusage"
    """ru_maxrss of wait4(2): the largest single process of the program."""
    NONE = "none"
    """The program never ran."""


class Stage(msgspec.Struct, frozen=True, array_like=True):
    """One phase of a job, e.g. queued, claimed, compiled, ran.

    Attributes:
        name: the name of the phase.
        seconds: its duration.
    """

    name: Annotated[str, Meta(max_length=40)]
    seconds: Seconds


class Result(msgspec.Struct, frozen=True, array_like=True):
    """The result of a job.

    Attributes:
        verdict: the verdict.
        explanation: one complete sentence for people.
        exit_code: the exit code of the program, if it ended by itself.
        signal: the name of the signal that ended it (e.g. "SIGSEGV").
        cpu_seconds: cpu time of all the program's processes in the run stage.
        wall_seconds: wall time of the run stage.
        peak_memory: bytes, as memory_source defines them.
        memory_source: the source of peak_memory.
        output_bytes: bytes that the job wrote, both streams together, compiler included.
        stages: its phases with their durations, in order.
    """

    verdict: Verdict
    explanation: Annotated[str, Meta(max_length=EXPLANATION_MAX)]
    exit_code: ExitCode | None = None
    signal: Annotated[str, Meta(max_length=40)] | None = None
    cpu_seconds: Seconds = 0.0
    wall_seconds: Seconds = 0.0
    peak_memory: Bytes = 0
    memory_source: MemorySource = MemorySource.NONE
    output_bytes: Bytes = 0
    stages: Annotated[tuple[Stage, ...], Meta(max_length=32)] = ()
