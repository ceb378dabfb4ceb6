"""The exit statuses of `codesync`."""

from enum import IntEnum

from codesync_protocol.verdict import Result, Verdict


class ExitCode(IntEnum):
    """Exit statuses of CodeSync itself. The status of a program is passed through unchanged."""

    OK = 0
    """Success."""
    PROBLEMS = 1
    """`doctor` or `store check` found a problem, or `image status` found no image."""
    USAGE = 2
    """Invalid arguments, or a file that cannot be read."""
    TRY_LATER = 75
    """The queue was full for the whole time of `--wait` (EX_TEMPFAIL of sysexits.h)."""
    COMPILE_ERROR = 120
    """The source does not compile."""
    MEMORY_LIMIT = 121
    """The program exceeded its memory limit."""
    OUTPUT_LIMIT = 122
    """The program exceeded its output limit."""
    LOST = 123
    """The server could not observe the end of the program."""
    TIME_LIMIT = 124
    """The program exceeded a time limit (the status of timeout(1))."""
    FAILED = 125
    """CodeSync failed: no server, entry refused, or an internal error."""
    CANCELLED = 130
    """The program or the command was cancelled (the status after ctrl+C)."""
    UNREAD = 141
    """The reader of the output is gone (the status after SIGPIPE)."""


_VERDICTS = {
    Verdict.OK: ExitCode.OK,
    Verdict.COMPILE_ERROR: ExitCode.COMPILE_ERROR,
    Verdict.TIME_LIMIT: ExitCode.TIME_LIMIT,
    Verdict.MEMORY_LIMIT: ExitCode.MEMORY_LIMIT,
    Verdict.OUTPUT_LIMIT: ExitCode.OUTPUT_LIMIT,
    Verdict.CANCELLED: ExitCode.CANCELLED,
    Verdict.LOST: ExitCode.LOST,
    Verdict.INTERNAL_ERROR: ExitCode.FAILED,
}


def of_result(result: Result, signal_number: int | None) -> int:
    """Return the exit status for the result of a job.

    Args:
        result: the result of the job.
        signal_number: the number of the signal that ended it, if one did.

    Returns:
        The program's own exit code; 128+n for signal n; else an ExitCode.
    """
    if result.verdict is Verdict.RUNTIME_ERROR and result.exit_code is not None:
        return result.exit_code
    if result.verdict is Verdict.SIGNALLED:
        return 128 + (signal_number or 0)
    return int(_VERDICTS.get(result.verdict, ExitCode.FAILED))
