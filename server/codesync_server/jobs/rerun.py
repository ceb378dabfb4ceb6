"""Decides whether a job that lost its sandbox may run again."""

from codesync_protocol.verdict import Result, Verdict
from codesync_server.jobs.job import Job

ATTEMPTS_MAX = 2
"""The maximum number of attempts of a job that loses its sandbox before it produced any output."""


def may_run_again(job: Job, result: Result, *, shuts_down: bool, for_next_server: bool) -> bool:
    """Tell whether a job runs again, here or on the next server; if so, its input is rewound.

    It runs again only if no member has seen any output of it.

    Args:
        job: the job, which has lost its sandbox or was stopped.
        result: its result so far.
        shuts_down: whether this server is shutting down.
        for_next_server: whether it also hands jobs over to the next server.
    """
    if for_next_server:
        is_lost = result.verdict is Verdict.LOST
    else:
        lost = result.verdict in (Verdict.LOST, Verdict.INTERNAL_ERROR)
        is_lost = lost and not result.stages and not shuts_down
    return is_lost and not job.output.total and job.attempts < ATTEMPTS_MAX and job.input.rewind()
