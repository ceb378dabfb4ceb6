"""Limits of the stages of a job, and their defaults. Each limit is a setting."""

from dataclasses import dataclass, replace
from typing import Annotated

from codesync_protocol.limits import KIB, MIB, OUTPUT_KEPT_MAX
from codesync_server.configuration.setting_types import ByteSize, Integer, Number, OrNone

GIB = 1024 * MIB

WALL_TOGETHER_MAX = 840.0
"""Seconds of wall time that compiling and running may have together: a container whose server is
gone is anybody's to remove after 15 minutes of work."""


@dataclass(frozen=True, slots=True)
class StageLimits:
    """Limits of one stage in seconds, bytes and counts, for all its processes together."""

    wall: Annotated[float, Number("wall time of the stage", 0.05, 800.0, "seconds")]
    cpu: Annotated[float, Number("cpu time", 0.05, 3600.0, "seconds")]
    memory: Annotated[int, ByteSize("memory, including files in /tmp", 16 * MIB, 256 * GIB)]
    output: Annotated[
        int,
        ByteSize("output; more of it is dropped (compile) or ends the program (run)", 1, GIB),
    ]
    processes: Annotated[int, Integer("processes and threads at the same time", 2, 32768)]
    file_size: Annotated[int, ByteSize("size of a written file", 1, 256 * GIB)]
    open_files: Annotated[int, Integer("open files of one process", 16, 1 << 20)]
    idle: Annotated[
        float | None,
        OrNone(
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
    """The largest limits that a job may ask for; None: the usual limit of the stage."""

    wall: Annotated[
        float | None, OrNone("wall time", Number("", 0.05, 800.0, "seconds"), "as limited")
    ] = None
    cpu: Annotated[
        float | None, OrNone("cpu time", Number("", 0.05, 3600.0, "seconds"), "as limited")
    ] = None
    memory: Annotated[
        int | None,
        OrNone(
            "memory; every container gets this amount",
            ByteSize("", 16 * MIB, 256 * GIB),
            "as limited",
        ),
    ] = None
    output: Annotated[int | None, OrNone("output", ByteSize("", 1, GIB), "as limited")] = None
    processes: Annotated[
        int | None, OrNone("processes and threads", Integer("", 2, 32768), "as limited")
    ] = None
