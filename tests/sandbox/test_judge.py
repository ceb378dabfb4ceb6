"""judge() as a table: the evidence, and the verdict that follows from it."""

import json
import signal
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesync_protocol.verdict import MemorySource, Verdict
from codesync_server.configuration.limits import COMPILE, RUN
from codesync_server.executors.contract import PostMortem
from codesync_server.executors.judge import EXPLANATION_MAX, StopReason, judge
from codesync_server.executors.request import RunSpec, StageSpec
from codesync_server.executors.runner_report import RunnerReport, StageEvidence, read_report

MIB: Final = 1 << 20
SPEC: Final = RunSpec(
    files=[("main.cpp", b"")],
    stages=[
        StageSpec("compile", [b"g++"], COMPILE),
        StageSpec("run", [b"./program"], replace(RUN, idle=60.0)),
    ],
    env={},
)

RAN: Final = StageEvidence(
    name="run",
    wall=1.0,
    cpu=0.5,
    status=0,
    killed_for="",
    oom_kills=0,
    peak=9 * MIB,
    source="cgroup v1",
    output_bytes=5,
)
COMPILED: Final = msgspec.structs.replace(RAN, name="compile", wall=2.0)


def ran(**evidence: Any) -> RunnerReport:
    """A runner that reports on a run, after a compilation that went well."""
    return RunnerReport(stages=(COMPILED, msgspec.structs.replace(RAN, **evidence)))


def compiled(**evidence: Any) -> RunnerReport:
    """A runner that reports on a compilation, and no run."""
    return RunnerReport(stages=(msgspec.structs.replace(COMPILED, **evidence),))


def exited(code: int) -> int:
    """A wait status."""
    return code << 8


CORE: Final = 0x80
DEAD = PostMortem(memory=False, detail="container exited, exit code 137")
OUT_OF_MEMORY = PostMortem(memory=True, detail="container exited, exit code 137")
THRASHING = PostMortem(memory=False, detail="container running, exit code 0", thrashing=True)


@dataclass(frozen=True, slots=True)
class Trial:
    """Witnesses and verdict.

    Attributes:
        name: what is the case.
        verdict: what must follow.
        explanation: words of it.
        report: what the runner says.
        stop: what we did ourselves.
        post_mortem: what the engine says.
        exit_code: the result's.
        signal: the result's.
    """

    name: str
    verdict: Verdict
    explanation: str
    report: RunnerReport | None = None
    stop: StopReason | None = None
    post_mortem: PostMortem | None = None
    exit_code: int | None = None
    signal: str | None = None


TRIALS: Final = (
    # The program's own end.
    Trial("ends well", Verdict.OK, "exit code 0", ran(), exit_code=0),
    Trial(
        "ends with a code",
        Verdict.RUNTIME_ERROR,
        "exit code 3",
        ran(status=exited(3)),
        exit_code=3,
    ),
    Trial(
        "ends with the code that shells give to a killed program",
        Verdict.RUNTIME_ERROR,
        "exit code 137",
        ran(status=exited(137)),
        exit_code=137,
    ),
    Trial(
        "segmentation fault",
        Verdict.SIGNALLED,
        "signal 11 (SIGSEGV)",
        ran(status=signal.SIGSEGV | CORE),
        signal="SIGSEGV",
    ),
    Trial(
        "killed by itself",
        Verdict.SIGNALLED,
        "signal 9 (SIGKILL)",
        ran(status=signal.SIGKILL),
        signal="SIGKILL",
    ),
    Trial(
        "a signal without a name",
        Verdict.SIGNALLED,
        "signal 40 (SIG40)",
        ran(status=40),
        signal="SIG40",
    ),
    # Limits of the run.
    Trial(
        "wall time",
        Verdict.TIME_LIMIT,
        "wall time limit: 5.1 of 5 s",
        ran(status=signal.SIGKILL, killed_for="wall", wall=5.1),
    ),
    Trial(
        "nobody types",
        Verdict.TIME_LIMIT,
        "for 60 s",
        ran(status=signal.SIGKILL, killed_for="idle"),
    ),
    Trial(
        "cpu time",
        Verdict.TIME_LIMIT,
        "cpu time limit: 5.1 of 5 s",
        ran(status=signal.SIGKILL, killed_for="cpu", cpu=5.1),
    ),
    Trial(
        "cpu time, ended by the kernel's own limit",
        Verdict.TIME_LIMIT,
        "cpu time limit: 6.0 of 5 s",
        ran(status=signal.SIGKILL, cpu=6.0),
    ),
    Trial(
        "much cpu time of children, and a good end",
        Verdict.OK,
        "exit code 0",
        ran(cpu=5.0),
        exit_code=0,
    ),
    Trial(
        "h17: more sockets than memory that is not charged may hold",
        Verdict.MEMORY_LIMIT,
        "memory limit: more than 256 TCP sockets at once",
        ran(status=signal.SIGKILL, killed_for="tcp"),
    ),
    Trial(
        "h17: the same of a compiler",
        Verdict.MEMORY_LIMIT,
        "the compiler's memory limit: more than 1,000 file locks at once",
        compiled(status=signal.SIGKILL, killed_for="locks"),
    ),
    Trial(
        "output",
        Verdict.OUTPUT_LIMIT,
        "more than 10 MB",
        ran(status=signal.SIGKILL, killed_for="output"),
    ),
    Trial(
        "output, and a good end before the kill came",
        Verdict.OUTPUT_LIMIT,
        "more than 10 MB",
        ran(killed_for="output"),
    ),
    Trial(
        "memory, by the kernel",
        Verdict.MEMORY_LIMIT,
        "256 of 256 MB, killed by the kernel",
        ran(status=signal.SIGKILL, oom_kills=1, peak=256 * MIB),
    ),
    Trial(
        "memory of a child that the program survives",
        Verdict.MEMORY_LIMIT,
        "killed by the kernel",
        ran(oom_kills=1, peak=256 * MIB),
        exit_code=0,
    ),
    Trial(
        "memory, where only the runner looks",
        Verdict.MEMORY_LIMIT,
        "260 of 256 MB, ended",
        ran(status=signal.SIGKILL, killed_for="memory", peak=260 * MIB, source="rusage"),
    ),
    Trial(
        "memory that only rusage saw",
        Verdict.MEMORY_LIMIT,
        "300 of 256 MB, ended",
        ran(peak=300 * MIB, source="rusage"),
        exit_code=0,
    ),
    Trial(
        "memory and time: what the kernel did comes first",
        Verdict.MEMORY_LIMIT,
        "killed by the kernel",
        ran(status=signal.SIGKILL, killed_for="wall", oom_kills=3),
    ),
    # The compiler.
    Trial(
        "does not compile",
        Verdict.COMPILE_ERROR,
        "the compiler ended with exit code 1",
        compiled(status=exited(1)),
        exit_code=1,
    ),
    Trial(
        "the compiler crashes",
        Verdict.COMPILE_ERROR,
        "the compiler ended with signal 11 (SIGSEGV)",
        compiled(status=signal.SIGSEGV),
    ),
    Trial(
        "the compiler takes too long",
        Verdict.TIME_LIMIT,
        "the compiler's wall time limit: 15.0 of 15 s",
        compiled(status=signal.SIGKILL, killed_for="wall", wall=15.0),
    ),
    Trial(
        "the compiler takes too much cpu time",
        Verdict.TIME_LIMIT,
        "the compiler's cpu time limit: 10.0 of 10 s",
        compiled(status=signal.SIGKILL, killed_for="cpu", cpu=10.0),
    ),
    Trial(
        "the compiler takes too much memory",
        Verdict.MEMORY_LIMIT,
        "the compiler's memory limit",
        compiled(status=exited(1), oom_kills=1),
        exit_code=1,
    ),
    # What we did ourselves comes before what anybody says of it.
    Trial("cancelled", Verdict.CANCELLED, "cancelled", stop=StopReason.CANCELLED),
    Trial(
        "cancelled, with a report",
        Verdict.CANCELLED,
        "cancelled",
        ran(status=signal.SIGKILL, killed_for="server"),
        stop=StopReason.CANCELLED,
    ),
    Trial(
        "cancelled as it ended well",
        Verdict.CANCELLED,
        "cancelled",
        ran(),
        stop=StopReason.CANCELLED,
        exit_code=0,
    ),
    Trial("shut down", Verdict.LOST, "the server shut down", stop=StopReason.SHUTDOWN),
    Trial(
        "no report in time",
        Verdict.TIME_LIMIT,
        "ended by the server's clock after 20 s",
        stop=StopReason.OVERDUE,
        post_mortem=DEAD,
    ),
    Trial(
        "no report in time because memory was short",
        Verdict.MEMORY_LIMIT,
        "memory limit",
        stop=StopReason.OVERDUE,
        post_mortem=OUT_OF_MEMORY,
    ),
    Trial(
        "no report in time because code went in and out of a full memory",
        Verdict.MEMORY_LIMIT,
        "memory limit: all of it was in use",
        stop=StopReason.OVERDUE,
        post_mortem=THRASHING,
    ),
    Trial(
        "it was reported all the same",
        Verdict.OK,
        "exit code 0",
        ran(),
        post_mortem=THRASHING,
        exit_code=0,
    ),
    # A runner that fell silent.
    Trial(
        "silence, and the engine knows of memory",
        Verdict.MEMORY_LIMIT,
        "memory limit: the kernel",
        post_mortem=OUT_OF_MEMORY,
    ),
    Trial(
        "silence, and the engine knows of no memory",
        Verdict.INTERNAL_ERROR,
        "fell silent (container exited, exit code 137)",
        post_mortem=DEAD,
    ),
    Trial("silence, and no other witness", Verdict.INTERNAL_ERROR, "fell silent (no witness)"),
    # Witnesses that make no sense.
    Trial(
        "the runner failed",
        Verdict.INTERNAL_ERROR,
        "the runner failed: cannot start g++",
        RunnerReport(error="cannot start g++"),
    ),
    Trial("nothing ran", Verdict.INTERNAL_ERROR, "the runner failed: nothing ran", RunnerReport()),
    Trial(
        "the runner failed, and reports stages all the same",
        Verdict.INTERNAL_ERROR,
        "the runner failed: hm",
        RunnerReport(stages=(COMPILED, RAN), error="hm"),
        exit_code=0,
    ),
    Trial(
        "killed by the runner for a reason that there is not",
        Verdict.INTERNAL_ERROR,
        "unknown reason (boredom)",
        ran(status=signal.SIGKILL, killed_for="boredom"),
    ),
    Trial(
        "killed for the server, which did not ask for it",
        Verdict.INTERNAL_ERROR,
        "unknown reason (server)",
        ran(status=signal.SIGKILL, killed_for="server"),
    ),
    Trial(
        "a stage that nobody asked for",
        Verdict.INTERNAL_ERROR,
        "the runner failed: nobody asked for compile, lunch",
        ran(name="lunch"),
        exit_code=0,
    ),
    Trial(
        "the stages in the wrong order",
        Verdict.INTERNAL_ERROR,
        "the runner failed: nobody asked for run, compile",
        RunnerReport(stages=(RAN, COMPILED)),
        exit_code=0,
    ),
    Trial(
        "it compiled well, and did not run",
        Verdict.INTERNAL_ERROR,
        "the runner failed: it ended after compile",
        compiled(),
        exit_code=0,
    ),
)


@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.name.replace(" ", "_"))
def test_the_witnesses_decide(trial: Trial) -> None:
    result = judge(SPEC, stop=trial.stop, report=trial.report, post_mortem=trial.post_mortem)
    assert (result.verdict, result.exit_code, result.signal) == (
        trial.verdict,
        trial.exit_code,
        trial.signal,
    )
    assert trial.explanation in result.explanation


def test_the_figures_are_the_last_stages_and_the_durations_everyones() -> None:
    result = judge(SPEC, stop=None, report=ran(), post_mortem=None)
    assert (result.wall_seconds, result.cpu_seconds, result.peak_memory) == (1.0, 0.5, 9 * MIB)
    assert result.memory_source is MemorySource.CGROUP_V1
    assert [(stage.name, stage.seconds) for stage in result.stages] == [
        ("compiled", 2.0),
        ("ran", 1.0),
    ]


@pytest.mark.parametrize("source", ["", "guess", "rusage", "cgroup v2"])
def test_a_memory_source_that_is_none_is_called_so(source: str) -> None:
    result = judge(SPEC, stop=None, report=ran(source=source), post_mortem=None)
    known = source in set(MemorySource)
    assert result.memory_source == (source if known else MemorySource.NONE)


def test_an_explanation_is_bounded_whatever_runner_and_engine_say() -> None:
    chatty = judge(
        SPEC, stop=None, report=None, post_mortem=PostMortem(memory=False, detail="x" * 9000)
    )
    assert len(chatty.explanation) == EXPLANATION_MAX


STAGE: Final = msgspec.to_builtins(RAN)


def test_a_report_is_read_as_it_was_written() -> None:
    assert read_report(json.dumps({"stages": [STAGE]}).encode()) == RunnerReport(stages=(RAN,))
    assert read_report(b'{"error": "cannot start"}') == RunnerReport(error="cannot start")


def _stage(**changes: object) -> bytes:
    return json.dumps({"stages": [STAGE | changes]}).encode()


HOSTILE: Final = {
    "nothing": b"",
    "no JSON": b"\x00\x01\x02",
    "no object": b"[]",
    "null": b"null",
    "cut off": _stage()[:-5],
    "something behind it": _stage() + b"{}",
    "invalid UTF-8": b'{"error": "\xff\xfe"}',
    "a lone surrogate": b'{"error": "\\ud800"}',
    "deeply nested": b'{"stages":' + b"[" * 100_000,
    "a million stages": json.dumps({"stages": [STAGE] * 3}).encode(),
    "a stage without a status": json.dumps({"stages": [{"name": "run"}]}).encode(),
    "negative time": _stage(wall=-1),
    "endless time": _stage(wall=1e300),
    "no number": b'{"stages": [' + json.dumps(STAGE | {"wall": float("nan")}).encode() + b"]}",
    "infinite time": b'{"stages": [' + json.dumps(STAGE | {"cpu": float("inf")}).encode() + b"]}",
    "true for a number": _stage(peak=True),
    "text for a number": _stage(peak="1"),
    "a status that no process has": _stage(status=1 << 16),
    "a negative status": _stage(status=-9),
    "negative memory": _stage(peak=-1),
    "more memory than there is": _stage(peak=1 << 63),
    "a huge number": _stage(peak=10**400),
    "a long name": _stage(name="x" * 17),
    "a long reason": _stage(killed_for="x" * 17),
    "a long source": _stage(source="x" * 17),
    "a long error": json.dumps({"error": "x" * 2001}).encode(),
}


@pytest.mark.parametrize("payload", HOSTILE.values(), ids=HOSTILE)
def test_a_report_that_makes_no_sense_is_none(payload: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 # its kinds are many: of JSON, of UTF-8, of types
        read_report(payload)


@given(st.binary(max_size=300))
def test_no_bytes_make_reading_a_report_fail_otherwise(payload: bytes) -> None:
    with suppress(ValueError):
        read_report(payload)


_seconds = st.floats(0, 1e6)
_evidence = st.builds(
    StageEvidence,
    name=st.sampled_from(["compile", "run", "", "lunch"]),
    wall=_seconds,
    cpu=_seconds,
    status=st.integers(0, 0xFFFF),
    killed_for=st.sampled_from(["", "wall", "cpu", "idle", "output", "memory", "server", "x"]),
    oom_kills=st.integers(0, 3),
    peak=st.integers(0, 1 << 49),
    source=st.sampled_from(["cgroup v1", "cgroup v2", "rusage", "", "x"]),
    output_bytes=st.integers(0, 1 << 49),
)
_reports = st.builds(
    RunnerReport,
    stages=st.lists(_evidence, max_size=2).map(tuple),
    error=st.sampled_from(["", "hm"]),
)
_post_mortems = st.sampled_from([None, DEAD, OUT_OF_MEMORY])


@given(st.sampled_from([None, *StopReason]), st.none() | _reports, _post_mortems)
def test_whatever_the_witnesses_say_there_is_one_verdict_and_it_holds_together(
    stop: StopReason | None, report: RunnerReport | None, post_mortem: PostMortem | None
) -> None:
    result = judge(SPEC, stop=stop, report=report, post_mortem=post_mortem)
    assert result.explanation
    assert result.exit_code is None or result.signal is None
    assert (result.signal is not None) == (result.verdict is Verdict.SIGNALLED)
    if result.verdict is Verdict.OK:
        assert result.exit_code == 0
        assert report
        assert not report.error
        assert report.stages[-1].name == "run"
        assert not report.stages[-1].killed_for
        assert not report.stages[-1].oom_kills
    if result.verdict is Verdict.RUNTIME_ERROR:
        assert result.exit_code
