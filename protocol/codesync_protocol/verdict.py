"""How a job ended, and the figures that come with it."""

from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

Seconds = Annotated[float, Meta(ge=0, le=1e9)]
"""A duration; never NaN or infinite, which not every reader survives."""

Bytes = Annotated[int, Meta(ge=0, lt=1 << 53)]
EXPLANATION_MAX: Final = 2000
"""Code points."""

ExitCode = Annotated[int, Meta(ge=0, le=255)]


class Verdict(StrEnum):
    """How a job ended. Each is founded on evidence (wait status, counters), never on text."""

    OK = "ok"
    """The program ended by itself with exit code 0."""
    COMPILE_ERROR = "compile_error"
    """The compiler did not accept the source."""
    RUNTIME_ERROR = "runtime_error"
    """The program ended by itself with another exit code."""
    SIGNALLED = "signalled"
    """A signal that CodeSync did not send ended the program."""
    TIME_LIMIT = "time_limit"
    """The program used up its cpu time or its wall time."""
    MEMORY_LIMIT = "memory_limit"
    """The program needed more memory than it may have."""
    OUTPUT_LIMIT = "output_limit"
    """The program wrote more than it may write."""
    CANCELLED = "cancelled"
    """Somebody cancelled the job."""
    LOST = "lost"
    """The machine died under the job."""
    INTERNAL_ERROR = "internal_error"
    """CodeSync failed, or the witnesses of the job's end contradict each other."""


class MemorySource(StrEnum):
    """Where the peak memory was read."""

    CGROUP_V1 = "cgroup v1"
    """memory.max_usage_in_bytes: all processes of the sandbox, page cache included."""
    CGROUP_V2 = "cgroup v2"
    """memory.peak: all processes of the sandbox, page cache included."""
    RUSAGE = "rusage"
    """ru_maxrss of wait4(2): the largest single process of the program."""
    NONE = "none"
    """The program never ran."""


class Stage(msgspec.Struct, frozen=True, array_like=True):
    """One part of a job's life, e.g. queued, claimed, compiled, ran.

    Attributes:
        name: what was going on.
        seconds: for how long.
    """

    name: Annotated[str, Meta(max_length=40)]
    seconds: Seconds


class Result(msgspec.Struct, frozen=True, array_like=True):
    """Everything that is known about how a job ended.

    Attributes:
        verdict: how it ended.
        explanation: one sentence for people that needs no other words beside it.
        exit_code: what the program returned, when it ended by itself.
        signal: the name of the signal that ended it (e.g. "SIGSEGV").
        cpu_seconds: cpu time of all the program's processes in the run stage.
        wall_seconds: wall time of the run stage.
        peak_memory: bytes, as memory_source defines them.
        memory_source: where peak_memory was read.
        output_bytes: bytes that the job wrote, both streams together, compiler included.
        stages: the parts of its life with their durations, in order.
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
