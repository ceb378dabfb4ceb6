"""The runner's report: evidence about the stages, decoded as hostile input."""

from typing import Annotated

import msgspec
from msgspec import Meta

Seconds = Annotated[float, Meta(ge=0, le=1e6)]
Bytes = Annotated[int, Meta(ge=0, lt=1 << 50)]


class StageEvidence(msgspec.Struct, frozen=True):
    """How one stage ended.

    Attributes:
        name: "compile" or "run".
        wall: wall seconds.
        cpu: cpu seconds.
        status: wait status of its first process, as wait4(2) gives it.
        killed_for: the limit that the runner killed it for, "server" when told to, or "".
        oom_kills: how many of its processes the kernel killed for want of memory.
        peak: peak memory in bytes.
        source: where the peak was read.
        output_bytes: bytes it wrote.
    """

    name: Annotated[str, Meta(max_length=16)]
    wall: Seconds
    cpu: Seconds
    status: Annotated[int, Meta(ge=0, le=0xFFFF)]
    killed_for: Annotated[str, Meta(max_length=16)]
    oom_kills: Annotated[int, Meta(ge=0, le=1 << 32)]
    peak: Bytes
    source: Annotated[str, Meta(max_length=16)]
    output_bytes: Bytes


class RunnerReport(msgspec.Struct, frozen=True):
    """What the runner says at the end.

    Attributes:
        stages: the stages that ran, in order.
        error: why the runner could not do its work; empty when it could.
    """

    stages: Annotated[tuple[StageEvidence, ...], Meta(max_length=2)] = ()
    error: Annotated[str, Meta(max_length=2000)] = ""


_decoder = msgspec.json.Decoder(RunnerReport)


def read_report(payload: bytes) -> RunnerReport:
    """Decode a report.

    Raises:
        ValueError: it is not one.
    """
    return _decoder.decode(payload)
