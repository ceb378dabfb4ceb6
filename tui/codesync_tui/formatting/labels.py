"""Formats sizes, durations, job states and verdicts. Pure."""

from codesync_protocol.messages import JobState, LimitsInfo, QueuedJob
from codesync_protocol.printable import show_line
from codesync_protocol.verdict import MemorySource, Result, Verdict
from codesync_tui.transcript.captions import Ending, verdict_symbol
from codesync_tui.transcript.output_style import OutputSource

_STATE_WORDS = {
    JobState.QUEUED: "waiting",
    JobState.CLAIMED: "starting",
    JobState.COMPILING: "compiling",
    JobState.RUNNING: "running",
    JobState.FINISHED: "finished",
}


def size(count: int) -> str:
    """Format a number of bytes, e.g. "512 bytes", "1.2 MB" (powers of 1000)."""
    if count < 1000:
        return f"{count} byte" + ("" if count == 1 else "s")
    value, unit = count / 1000, "kB"
    if value >= 999.95:
        value, unit = value / 1000, "MB"
    if value >= 999.95:
        value, unit = value / 1000, "GB"
    return f"{value:.1f} {unit}"


def duration(seconds: float) -> str:
    """Format a duration, e.g. "0.02 s", "12.3 s", "4:05 min"."""
    if seconds < 10:
        return f"{seconds:.2f} s"
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d} min"


def short_duration(seconds: float) -> str:
    """Format a duration in at most six columns: "0.02 s", "12.3 s", "4:05"."""
    return duration(seconds) if seconds < 59.95 else age(seconds)


def age(seconds: float) -> str:
    """Format an elapsed time in at most five columns: "0:07", "1:02h"."""
    whole = max(0, int(seconds))
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02d}"
    if whole < 360_000:
        return f"{whole // 3600}:{whole % 3600 // 60:02d}h"
    return f"{whole // 86400}d"


def state(name: str) -> str:
    """Format the state of a job; an unknown state is returned as it is, made printable."""
    try:
        return _STATE_WORDS[JobState(name)]
    except ValueError:
        return show_line(name)


def queue_position(job: QueuedJob) -> str:
    """Format a job's position and estimated start: "#3 in 40s", "waits #1".

    A job that waits for anything but a slot is "#2 held up".
    """
    if job.held_up:
        return f"#{job.position} held up"
    seconds = round(job.starts_in)
    if seconds < 1:
        return f"waits #{job.position}"
    soon = f"{seconds}s" if seconds < 100 else f"{seconds // 60}m"
    return f"#{job.position} in {soon}"


def verdict(verdict: Verdict) -> str:
    """Format a verdict, e.g. "runtime error"."""
    return verdict.value.replace("_", " ")


def ending(result: Result, by: str = "") -> Ending:
    """Format how a job ended.

    Args:
        result: the result of the job.
        by: the name of the member who cancelled it; empty if nobody did.
    """
    figures: list[str] = []
    if result.exit_code is not None:
        figures.append(f"exit {result.exit_code}")
    if result.signal:
        figures.append(show_line(result.signal))
    if result.memory_source is not MemorySource.NONE:
        figures.append(f"cpu {duration(result.cpu_seconds)}")
        figures.append(f"wall {duration(result.wall_seconds)}")
        figures.append(f"memory {size(result.peak_memory)}")
    if by:
        figures.insert(0, f"by {show_line(by)}")
    explanation = "" if _repeats_verdict(result) else show_line(result.explanation)
    return Ending(result.verdict, verdict(result.verdict), tuple(figures), explanation)


def _repeats_verdict(result: Result) -> bool:
    """Return whether the server's explanation only repeats verdict and figures."""
    why, code = result.explanation, f"exit code {result.exit_code}"
    if result.signal and why.startswith("ended by signal "):
        return why.endswith(f"({result.signal})")
    again = (verdict(result.verdict), code, f"the compiler ended with {code}")
    return result.verdict is Verdict.OK or why in again


def verdict_mark(verdict: Verdict) -> tuple[str, str]:
    """Return the symbol of a verdict and the theme variable of its colour."""
    sign, source = verdict_symbol(verdict)
    return sign, _COLOURS[source]


_COLOURS = {
    OutputSource.GOOD: "$success",
    OutputSource.ENDED: "$warning",
    OutputSource.BAD: "$error",
}


def skipped_output(count: int) -> str:
    """Format a note that output is missing."""
    return f"… {size(count)} skipped …"


def limits(info: LimitsInfo) -> str:
    """Describe the limits of a program."""
    typed = duration(info.tty_wall_seconds)
    return (
        f"{duration(info.wall_seconds)} ({typed} when it may be typed to),"
        f" {duration(info.cpu_seconds)} of cpu time, {size(info.memory)} of memory,"
        f" {size(info.output)} of output"
    )
