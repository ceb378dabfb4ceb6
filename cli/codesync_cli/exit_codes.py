"""What the exit status of `codesync` says."""

from enum import IntEnum

from codesync_protocol.verdict import Result, Verdict


class ExitCode(IntEnum):
    """Statuses that CodeSync itself gives; a program's own comes through as it is."""

    OK = 0
    PROBLEMS = 1
    """The doctor found something that does not work."""
    USAGE = 2
    """The command line makes no sense, or a file on it cannot be read."""
    TRY_LATER = 75
    """The queue was full for as long as we were to wait (EX_TEMPFAIL of sysexits.h)."""
    COMPILE_ERROR = 120
    MEMORY_LIMIT = 121
    OUTPUT_LIMIT = 122
    LOST = 123
    TIME_LIMIT = 124
    """As timeout(1)."""
    FAILED = 125
    """CodeSync could not do it: no server, not let in, or an internal error."""
    CANCELLED = 130
    """As a program that ctrl+C ended."""
    UNREAD = 141
    """Nobody reads what we print any more; as a program that SIGPIPE ended."""


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
    """Give the exit status for a job.

    Args:
        result: how it ended.
        signal_number: of the signal that ended it, if one did.

    Returns:
        The program's own exit code; 128+n for signal n; else an ExitCode.
    """
    if result.verdict is Verdict.RUNTIME_ERROR and result.exit_code is not None:
        return result.exit_code
    if result.verdict is Verdict.SIGNALLED:
        return 128 + (signal_number or 0)
    return int(_VERDICTS.get(result.verdict, ExitCode.FAILED))
