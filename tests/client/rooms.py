"""Welcomes, jobs and events as a server sends them."""

from codesync_protocol.messages import (
    ExecutorInfo,
    Finished,
    JobState,
    JobSummary,
    LanguageInfo,
    LimitsInfo,
    Members,
    Output,
    Queue,
    Role,
    StdinMode,
    Stream,
    Submitted,
    Welcome,
)
from codesync_protocol.verdict import Result, Verdict
from codesync_protocol.version import NEWEST

PYTHON = LanguageInfo("python", "Python 3", (".py",), "main.py", "python", "")
CPP = LanguageInfo("cpp", "C++", (".cpp", ".cc"), "main.cpp", "cpp", "")


def job_id(number: int) -> str:
    """A job id."""
    return f"{number:032x}"


def summary(number: int, *, output_bytes: int = 0, ended: Verdict | None = None) -> JobSummary:
    """A job, running or ended."""
    return JobSummary(
        job_id(number),
        1,
        "ana",
        "python",
        "main.py",
        JobState.RUNNING if ended is None else JobState.FINISHED,
        0.0,
        StdinMode.CLOSED,
        tty=False,
        output_bytes=output_bytes,
        result=None if ended is None else Result(ended, "as it ended", output_bytes=output_bytes),
    )


def welcome(*jobs: JobSummary, seq: int = 0, epoch: str = "one", resumed: bool = False) -> Welcome:
    """The room as it stands."""
    return Welcome(
        version=NEWEST,
        room="test-room",
        epoch=epoch,
        seq=seq,
        resumed=resumed,
        member=1,
        role=Role.EDITOR,
        members=Members(),
        queue=Queue(),
        jobs=jobs,
        languages=(PYTHON, CPP),
        limits=LimitsInfo(5, 300, 5, 1 << 28, 10_000_000),
        executor=ExecutorInfo("docker", sandboxed=True),
    )


def submitted(seq: int, number: int) -> Submitted:
    """A job is accepted."""
    return Submitted(seq, summary(number))


def output(seq: int, number: int, offset: int, data: bytes) -> Output:
    """A job writes."""
    return Output(seq, job_id(number), Stream.STDOUT, offset, data)


def finished(seq: int, number: int, output_bytes: int = 0, by: str = "") -> Finished:
    """A job ends."""
    result = Result(Verdict.OK, "exit code 0", exit_code=0, output_bytes=output_bytes)
    return Finished(seq, job_id(number), result, by)
