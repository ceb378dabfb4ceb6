"""Limits of a job's stages, and their defaults."""

from dataclasses import dataclass, replace

from codesync_protocol.limits import MIB, OUTPUT_KEPT_MAX


@dataclass(frozen=True, slots=True)
class StageLimits:
    """Limits of one stage.

    Attributes:
        wall: seconds from its start.
        cpu: cpu seconds of all its processes.
        memory: bytes of all its processes.
        output: bytes; more of it is dropped (compile) or ends the program (run).
        processes: how many at once.
        file_size: bytes of the largest file it may write.
        open_files: descriptors of one process.
        idle: seconds without any input or output, or None.
    """

    wall: float
    cpu: float
    memory: int
    output: int
    processes: int
    file_size: int
    open_files: int
    idle: float | None = None


COMPILE = StageLimits(
    wall=15.0,
    cpu=10.0,
    memory=256 * MIB,
    output=64 * 1024,
    processes=64,
    file_size=64 * MIB,
    open_files=512,
)
RUN = StageLimits(
    wall=5.0,
    cpu=5.0,
    memory=256 * MIB,
    output=OUTPUT_KEPT_MAX,
    processes=64,
    file_size=16 * MIB,
    open_files=256,
)
TTY = replace(RUN, wall=300.0, idle=60.0)


@dataclass(frozen=True, slots=True)
class JobLimits:
    """Limits of a job's stages.

    Attributes:
        compile: of the compile stage.
        run: of the run stage on pipes.
        tty: of the run stage on a terminal, where people think between two keys.
    """

    compile: StageLimits = COMPILE
    run: StageLimits = RUN
    tty: StageLimits = TTY
