"""Limits of a job's stages, and their defaults; each is a setting."""

from dataclasses import dataclass, replace
from typing import Annotated

from codesync_protocol.limits import KIB, MIB, OUTPUT_KEPT_MAX
from codesync_server.kinds import Maybe, Number, Size, Whole

GIB = 1024 * MIB

WALL_TOGETHER_MAX = 840.0
"""Seconds of wall time that compiling and running may have together: a container whose server is
gone is anybody's to remove after 15 minutes of work."""


@dataclass(frozen=True, slots=True)
class StageLimits:
    """Limits of one stage. Seconds, bytes, counts; each is for all its processes together."""

    wall: Annotated[float, Number("wall time from its start", 0.05, 800.0, "seconds")]
    cpu: Annotated[float, Number("cpu time", 0.05, 3600.0, "seconds")]
    memory: Annotated[int, Size("memory, what lies in /tmp included", 16 * MIB, 256 * GIB)]
    output: Annotated[
        int,
        Size("output; what is more is dropped (compile) or ends the program (run)", 1, GIB),
    ]
    processes: Annotated[int, Whole("processes and threads at once", 2, 32768)]
    file_size: Annotated[int, Size("the largest file that it may write", 1, 256 * GIB)]
    open_files: Annotated[int, Whole("open files of one process", 16, 1 << 20)]
    idle: Annotated[
        float | None,
        Maybe(
            "time without any input or output",
            Number("", 0.05, 800.0, "seconds"),
            "none",
        ),
    ] = None


COMPILE = StageLimits(
    wall=15.0,
    cpu=10.0,
    memory=256 * MIB,
    output=64 * KIB,
    processes=128,
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


@dataclass(frozen=True, slots=True)
class Caps:
    """What a client may ask for its run stage; None: no more than the stage has unasked."""

    wall: Annotated[
        float | None, Maybe("wall time", Number("", 0.05, 800.0, "seconds"), "as limited")
    ] = None
    cpu: Annotated[
        float | None, Maybe("cpu time", Number("", 0.05, 3600.0, "seconds"), "as limited")
    ] = None
    memory: Annotated[
        int | None,
        Maybe("memory; every container gets as much", Size("", 16 * MIB, 256 * GIB), "as limited"),
    ] = None
    output: Annotated[int | None, Maybe("output", Size("", 1, GIB), "as limited")] = None
    processes: Annotated[
        int | None, Maybe("processes and threads", Whole("", 2, 32768), "as limited")
    ] = None
