"""Derives the verdict from the evidence. Pure.

The witnesses are our own decision to stop the job, the runner's report, and, when the runner fell
silent, the engine's post-mortem. What they do not explain is internal_error, never a guess.
"""

import os
import signal
from enum import StrEnum

from codesync_protocol.verdict import MemorySource, Result, Stage, Verdict
from codesync_server.configuration.limits import StageLimits
from codesync_server.executors.contract import PostMortem
from codesync_server.executors.request import RunSpec
from codesync_server.executors.runner.uncharged_memory import UNCHARGED_MAX
from codesync_server.executors.runner_report import RunnerReport, StageEvidence


class StopReason(StrEnum):
    """Why the server itself ended a job."""

    CANCELLED = "cancelled"
    OVERDUE = "overdue"
    """The runner let the stages' wall time pass without a report."""
    SHUTDOWN = "shutdown"


EXPLANATION_MAX = 500
"""Code points; runner and engine may have much to say when they fail."""

STAGE_TITLES = {"compile": "compiled", "run": "ran"}

UNCHARGED_TITLES = {
    "tcp": "TCP sockets",
    "udp": "UDP sockets",
    "netlink": "netlink sockets",
    "terminals": "pseudo-terminals",
    "locks": "file locks",
}
"""What a stage may hold a limited number of, because no memory limit covers it."""


def judge(
    spec: RunSpec,
    *,
    stop: StopReason | None,
    report: RunnerReport | None,
    post_mortem: PostMortem | None,
) -> Result:
    """Decide how a job ended.

    Args:
        spec: what was asked for.
        stop: why the server ended it, if it did.
        report: what the runner said, if it did.
        post_mortem: what the engine said, if it was asked.

    Returns:
        The result; its output_bytes and the stages before the sandbox are the caller's to add.
    """
    evidence = report.stages[-1] if report and report.stages else None
    verdict, explanation = _decide(spec, stop, report, evidence, post_mortem)
    explanation = explanation[:EXPLANATION_MAX]
    if evidence is None:
        return Result(verdict, explanation)
    exited = os.WIFEXITED(evidence.status) and not evidence.killed_for
    signalled = os.WIFSIGNALED(evidence.status) and verdict is Verdict.SIGNALLED
    return Result(
        verdict,
        explanation,
        exit_code=os.WEXITSTATUS(evidence.status) if exited else None,
        signal=_signal_name(evidence.status) if signalled else None,
        cpu_seconds=evidence.cpu,
        wall_seconds=evidence.wall,
        peak_memory=evidence.peak,
        memory_source=_source(evidence.source),
        stages=tuple(
            Stage(STAGE_TITLES.get(stage.name, stage.name), stage.wall)
            for stage in (report.stages if report else ())
        ),
    )


def _decide(
    spec: RunSpec,
    stop: StopReason | None,
    report: RunnerReport | None,
    evidence: StageEvidence | None,
    post_mortem: PostMortem | None,
) -> tuple[Verdict, str]:
    if stop is StopReason.CANCELLED:
        return Verdict.CANCELLED, "cancelled"
    if stop is StopReason.SHUTDOWN:
        return Verdict.LOST, "the server shut down while it ran"
    if report is None and post_mortem is not None and post_mortem.memory:
        # Also when our clock ran out: where memory is short, the runner may be too slow to report.
        return Verdict.MEMORY_LIMIT, "memory limit: the kernel ended processes of the sandbox"
    if report is None and post_mortem is not None and post_mortem.lost:
        # Also when our clock ran out: a program is not to blame for an engine that stood still.
        return Verdict.LOST, f"the sandbox was lost: {post_mortem.detail}"
    if report is None and post_mortem is not None and post_mortem.thrashing:
        return Verdict.MEMORY_LIMIT, "memory limit: all of it was in use, and nothing got on"
    if stop is StopReason.OVERDUE:
        return Verdict.TIME_LIMIT, f"ended by the server's clock after {spec.wall:g} s"
    if report is None:
        detail = post_mortem.detail if post_mortem else "no witness"
        return Verdict.INTERNAL_ERROR, f"the sandbox fell silent ({detail})"
    if report.error or evidence is None:
        return Verdict.INTERNAL_ERROR, f"the runner failed: {report.error or 'nothing ran'}"
    reported = [stage.name for stage in report.stages]
    if reported != [stage.name for stage in spec.stages[: len(reported)]]:
        return Verdict.INTERNAL_ERROR, f"the runner failed: nobody asked for {', '.join(reported)}"
    verdict, explanation = _decide_stage(evidence, spec.stages[len(reported) - 1].limits)
    if verdict is Verdict.OK and len(reported) < len(spec.stages):
        return Verdict.INTERNAL_ERROR, f"the runner failed: it ended after {', '.join(reported)}"
    return verdict, explanation


def _decide_stage(evidence: StageEvidence, limits: StageLimits) -> tuple[Verdict, str]:
    compiling = evidence.name == "compile"
    who = "the compiler's " if compiling else ""
    status = evidence.status
    over_memory = evidence.source == MemorySource.RUSAGE and evidence.peak > limits.memory
    if evidence.oom_kills or evidence.killed_for == "memory" or over_memory:
        by = "killed by the kernel" if evidence.oom_kills else "ended"
        if evidence.oom_kills > 1:
            by += f"; {evidence.oom_kills} processes"
        return (
            Verdict.MEMORY_LIMIT,
            f"{who}memory limit: {_mb(evidence.peak)} of {_mb(limits.memory)} MB, {by}",
        )
    if evidence.killed_for in UNCHARGED_TITLES:
        most = f"{UNCHARGED_MAX[evidence.killed_for]:,} {UNCHARGED_TITLES[evidence.killed_for]}"
        return (
            Verdict.MEMORY_LIMIT,
            f"{who}memory limit: more than {most} at once, whose memory the kernel does not count",
        )
    cpu_ran_out = evidence.cpu >= limits.cpu and os.WIFSIGNALED(status)
    match evidence.killed_for:
        case "wall":
            return (
                Verdict.TIME_LIMIT,
                f"{who}wall time limit: {evidence.wall:.1f} of {limits.wall:g} s",
            )
        case "idle":
            return Verdict.TIME_LIMIT, f"nobody typed and nothing was printed for {limits.idle:g} s"
        case "cpu":
            cpu_ran_out = True
        case "output":
            return (
                Verdict.OUTPUT_LIMIT,
                f"{who}output limit: more than {_amount(limits.output)}",
            )
        case "":
            pass
        case other:
            return Verdict.INTERNAL_ERROR, f"ended by the runner for an unknown reason ({other})"
    if cpu_ran_out:
        return Verdict.TIME_LIMIT, f"{who}cpu time limit: {evidence.cpu:.1f} of {limits.cpu:g} s"
    if compiling and status != 0:
        return Verdict.COMPILE_ERROR, f"the compiler ended with {_ended(status)}"
    if os.WIFSIGNALED(status):
        return Verdict.SIGNALLED, f"ended by signal {os.WTERMSIG(status)} ({_signal_name(status)})"
    if status == 0:
        return Verdict.OK, "exit code 0"
    return Verdict.RUNTIME_ERROR, _ended(status)


def _ended(status: int) -> str:
    if os.WIFSIGNALED(status):
        return f"signal {os.WTERMSIG(status)} ({_signal_name(status)})"
    return f"exit code {os.WEXITSTATUS(status)}"


def _signal_name(status: int) -> str:
    number = os.WTERMSIG(status)
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"SIG{number}"  # real-time signals have no name of their own


def _source(text: str) -> MemorySource:
    try:
        return MemorySource(text)
    except ValueError:
        return MemorySource.NONE


def _amount(size: int) -> str:
    return f"{size / 1e6:g} MB" if size >= 10_000 else f"{size} bytes"


def _mb(size: int) -> int:
    return round(size / (1 << 20))
